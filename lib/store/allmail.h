/* SPDX-License-Identifier: ISC */
/*
 * All mailboxes of an account as its index has them, by their numbers there:
 * for who keeps a picture of the whole account.  It reads everything once, and
 * from then on what the log of changes says.
 *
 * Nothing here looks at directories (mailbox_sync does).  A visitor asks
 * nothing else of the store, and ends the visit by saying false.
 */
#ifndef STORE_ALLMAIL_H
#define STORE_ALLMAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct keyword_table;
struct visit;

struct account_state {
	uint64_t builds;    /* another one: numbers mean nothing any more */
	uint64_t modseq;    /* of the last change */
	uint64_t log_floor; /* what went up to here, the log has forgotten */
};
int account_state(
    struct account *a, struct account_state *state, struct err *err);

struct account_box {
	uint32_t box;
	struct slice name;
	const char *id; /* MAILBOXID */
	unsigned special;
};
int account_boxes(struct account *a,
    bool (*visit)(void *arg, const struct account_box *b), void *arg,
    struct err *err);

/* The messages of BOX from UID FIRST on, as visit_messages with all that it can
 * know; KEYWORDS says what their numbers mean.  ABSENT: there is no such
 * mailbox. */
enum found account_visit(struct account *a, uint32_t box, uint32_t first,
    bool (*visit)(
	void *arg, struct visit *v, const struct keyword_table *keywords),
    void *arg, struct err *err);

struct account_change {
	uint64_t modseq;
	uint32_t box;
	uint32_t uid;
	/* A message came or changed; is gone; of a mailbox, whatever it was. */
	enum { ACCOUNT_MESSAGE, ACCOUNT_GONE, ACCOUNT_BOX } kind;
};
/* The changes with a number above AFTER, in order: of each message the last
 * one. */
int account_changes(struct account *a, uint64_t after,
    bool (*visit)(void *arg, const struct account_change *c), void *arg,
    struct err *err);

#endif
