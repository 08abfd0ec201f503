/* SPDX-License-Identifier: ISC */
/*
 * All messages of an account as JMAP sees them (RFC 8621 4): an email is what
 * has one EMAILID, in however many mailboxes it is; its keywords are those of
 * all its places.  What has \Deleted everywhere is not there (4.1.1).
 *
 * The table is read from the index once, and follows the log of changes from
 * then on: a look at it costs what changed.  About 150 bytes for each message.
 */
#ifndef MAILQUERY_ACCOUNTMAIL_H
#define MAILQUERY_ACCOUNTMAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct accountmail;
struct mailbox;

struct accountmail_email {
	uint64_t id;
	uint64_t thread;
	uint64_t modseq; /* of its last change, in any of its mailboxes */
	uint64_t born;   /* it was not there before; 0: nobody knows when */
	int64_t received_s;
	int64_t sent_s; /* 0: it has no Date */
	uint64_t size;  /* each line end as CRLF */
	uint32_t place; /* the first of its places */
	uint32_t next;  /* of its thread; 0: none */
	bool attachment;
};

struct accountmail_place {
	uint32_t email;
	uint32_t next; /* of the same email; 0: none */
	uint32_t box;  /* a number of the account's index */
	uint32_t uid;
	uint32_t keywords; /* accountmail_keywords */
	unsigned flags;    /* enum message_flag */
};

/* Of A, which stays open as long. */
struct accountmail *accountmail_new(struct account *a);
void accountmail_free(struct accountmail **e);
/* Bring it up to date, some milliseconds at most.  *MORE: call again, and ask
 * nothing before. */
int accountmail_step(struct accountmail *e, bool *more, struct err *err);
/* The account's last change that it shows: the state of JMAP. */
uint64_t accountmail_modseq(const struct accountmail *e);

/* Numbers of emails are 1 to this; what is at one may be gone (id 0). */
uint32_t accountmail_last(const struct accountmail *e);
uint32_t accountmail_count(const struct accountmail *e);
const struct accountmail_email *accountmail_at(
    const struct accountmail *e, uint32_t n);
const struct accountmail_place *accountmail_place(
    const struct accountmail *e, uint32_t place);
/* The email with ID, the first one of THREAD; 0: none. */
uint32_t accountmail_find(const struct accountmail *e, uint64_t id);
uint32_t accountmail_thread(const struct accountmail *e, uint64_t thread);
/* All of them (accountmail_count), the first one received first, and by id
 * where that is equal; until the next step. */
const uint32_t *accountmail_received(const struct accountmail *e);

/* The number of the mailbox with MAILBOXID; 0: there is none. */
uint32_t accountmail_box(const struct accountmail *e, struct slice id);
/* Its id and name; NULL and empty: there is none. */
const char *accountmail_box_id(const struct accountmail *e, uint32_t box);
struct slice accountmail_box_name(const struct accountmail *e, uint32_t box);

/* Sets of keywords, in lower case, with a blank between two; 0 is the empty
 * one.  There are as many as accountmail_keyword_sets. */
const char *accountmail_keywords(const struct accountmail *e, uint32_t set);
uint32_t accountmail_keyword_sets(const struct accountmail *e);

/* Was everything that went after MODSEQ seen going?  Then those are visited.
 */
bool accountmail_gone_since(const struct accountmail *e, uint64_t modseq,
    void (*visit)(void *arg, uint64_t id, uint64_t thread), void *arg);

#endif
