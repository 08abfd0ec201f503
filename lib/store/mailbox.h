/* SPDX-License-Identifier: ISC */
/*
 * The mailboxes of an account.  Names are UTF-8 with '/' between levels;
 * INBOX is the account's own directory and matches in any case.  A name that
 * no directory can have (empty level, control character, too long) is refused
 * with ERR_PERM and [CANNOT].
 */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/store.h"

struct mailbox;

/* RFC 6154; kept in the mailbox's own file, so it survives a rename. */
enum mailbox_special {
	MAILBOX_DRAFTS = 1 << 0,
	MAILBOX_SENT = 1 << 1,
	MAILBOX_JUNK = 1 << 2,
	MAILBOX_TRASH = 1 << 3,
	MAILBOX_ARCHIVE = 1 << 4,
	MAILBOX_FLAGGED = 1 << 5,
	MAILBOX_IMPORTANT = 1 << 6,
};

enum { MAILBOX_KEYWORDS = 26, MAILBOX_ID_SIZE = 33 };

struct mailbox_info {
	struct slice name;
	unsigned special;
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

/* ERR_PERM with [ALREADYEXISTS], [NONEXISTENT] or [CANNOT]. */
int mailbox_create(
    struct account *a, struct slice name, unsigned special, struct err *err);
/* The mailbox with its messages, not its children. */
int mailbox_delete(struct account *a, struct slice name, struct err *err);
/* Children move along.  INBOX: its messages move into the new mailbox. */
int mailbox_rename(
    struct account *a, struct slice from, struct slice to, struct err *err);
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
/* From the index alone.  -1 ERR_PERM [NONEXISTENT]: deleted meanwhile. */
int mailbox_status(
    struct mailbox *m, struct mailbox_status *st, struct err *err);

/* Look whether other programs changed the directories and take it into the
 * index: cheap when their times did not move.  THOROUGH: read them even so. */
int mailbox_sync(struct mailbox *m, bool thorough, struct err *err);

/* Keywords are bits 0..25 of a mask, with one table for each mailbox.  The
 * number of NAME (any case), or -1; ADD makes it when it is new, ERR_PERM with
 * [LIMIT] when there are 26 already or the name cannot be one. */
int mailbox_keyword(
    struct mailbox *m, struct slice name, bool add, struct err *err);
/* The name of bit N into NAME; false when there is none. */
bool mailbox_keyword_name(struct mailbox *m, unsigned n, struct buf *name);

#endif
