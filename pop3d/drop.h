/* SPDX-License-Identifier: ISC */
/*
 * The maildrop of a session: INBOX as it was at the login, locked for this
 * session (RFC 1939 4).  Messages are numbered from 1 and keep their numbers;
 * mail that comes later does not appear, and what another program removes
 * meanwhile stays in the list and cannot be fetched.  Costs 13 bytes a message.
 */
#ifndef POP3D_DROP_H
#define POP3D_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "pop3d/conf.h"

struct account;
struct mailbox;
struct quota;
struct store;

struct pop3d_drop {
	struct account *account;
	struct mailbox *inbox;
	int lockfd;
	bool synced; /* with the directories; uidvalidity and end_uid are known
		      */
	uint32_t uidvalidity;
	uint32_t end_uid; /* UIDs from here on came later */
	uint32_t n;
	uint32_t cap;
	uint32_t *uids;
	int64_t *sizes; /* on the wire */
	uint8_t *marks;
	uint32_t ndeleted;
	int64_t expire_before; /* what was saved by then (seconds since 1970) */
	int64_t octets;        /* of all messages */
	int64_t octets_deleted; /* of those marked as deleted */
	uint32_t done;          /* where an update under way has come to */
};

/* How long a login comes after the last one at least, and how long messages
 * that were read are kept, in seconds; 0: neither. */
struct pop3d_policy {
	int64_t login_delay_s;
	int64_t expire_s;
};

/* Open and lock the account at HOME, which is made if it is not there.  -1:
 * nothing is open. */
int pop3d_drop_open(struct pop3d_drop *d, struct store *store, const char *home,
    const struct pop3d_policy *policy, struct err *err);
/* Read on in the list of messages, a bounded number of them; *MORE says
 * whether to call again. */
int pop3d_drop_load(struct pop3d_drop *d, bool *more, struct err *err);
/* The lock ends here; the rest stays. */
void pop3d_drop_unlock(struct pop3d_drop *d);
/* Also of one that was zeroed, or is not open any more. */
void pop3d_drop_close(struct pop3d_drop *d);

/* What is not marked as deleted. */
uint32_t pop3d_drop_count(const struct pop3d_drop *d);
int64_t pop3d_drop_octets(const struct pop3d_drop *d);
/* Is NUMBER a message that is not marked as deleted?  NULL, or why not. */
const char *pop3d_drop_why_not(const struct pop3d_drop *d, uint32_t number);
/* For numbers for which the above is NULL. */
int64_t pop3d_drop_size(const struct pop3d_drop *d, uint32_t number);
uint32_t pop3d_drop_uid(const struct pop3d_drop *d, uint32_t number);
void pop3d_drop_delete(struct pop3d_drop *d, uint32_t number);
/* It was fetched whole; SEEN: it shall be marked so in the store. */
void pop3d_drop_fetched(struct pop3d_drop *d, uint32_t number, bool seen);
/* No message is marked as deleted any more. */
void pop3d_drop_reset(struct pop3d_drop *d);
/* The next number from FROM on that is not marked as deleted; 0: none. */
uint32_t pop3d_drop_next(const struct pop3d_drop *d, uint32_t from);

/* The file of NUMBER, at offset 0, and its size.  -1 when it is gone or is not
 * what was listed; the list then has what it is now. */
int pop3d_drop_fetch(struct pop3d_drop *d, uint32_t number, int *fd,
    int64_t *file_size, struct err *err);

/* Mark as deleted what was read and has been there for long enough
 * (RFC 2449 6.7); how many. */
uint32_t pop3d_drop_expire(struct pop3d_drop *d);
/* Remove the messages marked as deleted, a bounded number in a call, which is
 * added to *N.  -1: some are still there; what is not marked always is. */
int pop3d_drop_update(
    struct pop3d_drop *d, uint32_t *n, bool *more, struct err *err);
/* Write the marks of pop3d_drop_fetched to the store, likewise. */
int pop3d_drop_write_seen(struct pop3d_drop *d, bool *more, struct err *err);

/* File names catch up with the flags; *MORE says whether to call again. */
int pop3d_drop_flush(struct pop3d_drop *d, bool *more);
/* Bytes in all mailboxes of the account; false when that is not to be had. */
bool pop3d_drop_usage(struct pop3d_drop *d, struct quota *used);

/* FORMAT as in params.def. */
void pop3d_uidl_put(struct buf *out, enum pop3d_uidl_format format,
    uint32_t uid, uint32_t uidvalidity);

#endif
