/* SPDX-License-Identifier: ISC */
/*
 * The mailboxes of an account.  Names are UTF-8 with '/' between levels;
 * INBOX is the account's own directory and matches in any case.  A name that
 * no directory can have (empty level, control character, too long) is refused
 * with ERR_PERM and ERR_CANNOT.
 */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "maildir/name.h"

struct account;
struct keyword_table;
struct mailbox;

struct mailbox_info {
	struct slice name;
	unsigned special; /* enum mailbox_special */
	bool exists; /* false: only the parent of one, or only subscribed */
	bool subscribed;
	bool children;
};

/* Visit all names in order (INBOX first); a visitor that returns false ends
 * it.  With SUBSCRIBED only, names that are subscribed and gone are given too.
 * The visitor may not change the account. */
int mailbox_list(struct account *a, bool subscribed,
    bool (*visit)(void *arg, const struct mailbox_info *info), void *arg,
    struct err *err);

/* ERR_PERM with ERR_EXISTS, ERR_NOT_FOUND or ERR_CANNOT. */
int mailbox_create(
    struct account *a, struct slice name, unsigned special, struct err *err);
/* The mailbox with its messages, not its children. */
int mailbox_delete(struct account *a, struct slice name, struct err *err);
/* Children move along.  INBOX: its messages move into the new mailbox, some in
 * a step.  FROM and TO are copied; done() gets 0 or -1 and why, and is called
 * when it is on disk.  _step, false: there is no other step, and done() was
 * called or will be.  Once begun, the steps are gone on with until then. */
struct renaming;
struct renaming *mailbox_rename_new(struct account *a, struct slice from,
    struct slice to, void (*done)(void *arg, int rc, const struct err *err),
    void *arg);
bool mailbox_rename_step(struct renaming *r);
int mailbox_subscribe(
    struct account *a, struct slice name, bool on, struct err *err);

/* Counted with its account, which stays open as long. */
enum found mailbox_open(struct account *a, struct slice name,
    struct mailbox **mailbox, struct err *err);
/* The same where NAME was written by somebody who does not keep case (ASCII):
 * the one that fits to the letter, else the first that fits. */
enum found mailbox_open_folded(struct account *a, struct slice name,
    struct mailbox **mailbox, struct err *err);
void mailbox_close(struct mailbox **mailbox);
struct account *mailbox_account(const struct mailbox *m);
struct slice mailbox_name(const struct mailbox *m);
bool mailbox_same(const struct mailbox *a, const struct mailbox *b);

struct mailbox_status {
	uint32_t messages;
	uint32_t unseen; /* how many; not the first */
	uint32_t deleted;
	uint32_t recent;
	uint32_t uidnext;
	uint32_t uidvalidity;
	uint64_t highestmodseq;
	uint64_t bytes; /* sum of RFC822.SIZE */
	unsigned special;
	char id[MAILBOX_ID_SIZE]; /* MAILBOXID, RFC 8474 */
};
/* From the index alone.  -1 ERR_PERM ERR_NOT_FOUND: deleted meanwhile. */
int mailbox_status(
    struct mailbox *m, struct mailbox_status *st, struct err *err);

/* Look whether other programs changed the directories and take it into the
 * index: cheap when their times did not move.  THOROUGH: read them even so. */
int mailbox_sync(struct mailbox *m, bool thorough, struct err *err);
/* The same, for a loop: a piece of it in a call; *MORE: call again.  The store
 * goes on with it by itself. */
int mailbox_sync_some(
    struct mailbox *m, bool thorough, bool *more, struct err *err);
/* As of the last of these: are its messages taken in for the first time? */
bool mailbox_is_building(const struct mailbox *m);

/* M's keywords as of the last time that M or a message was read, by which the
 * numbers in struct message_info go; the next reading may change them. */
const struct keyword_table *mailbox_keywords(struct mailbox *m);

#endif
