/* SPDX-License-Identifier: ISC */
/* What the index knows of all mailboxes of an account, in one reading. */
#ifndef STORE_STATES_H
#define STORE_STATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "maildir/name.h"

struct account;

struct mailbox_state {
	struct slice name;
	char id[MAILBOX_ID_SIZE]; /* MAILBOXID */
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint32_t messages;
	uint32_t unseen; /* how many */
	uint64_t highestmodseq;
};

/* Visit each, in no order, without a look at any directory.  The visitor may
 * not change the account. */
int mailbox_states(struct account *a,
    void (*visit)(void *arg, const struct mailbox_state *state), void *arg,
    struct err *err);

/* The index of A as a whole. */
struct account_index {
	uint64_t modseq;    /* of the last change */
	uint64_t log_floor; /* what went before that the log does not know */
	uint64_t gone;      /* entries of the log for what is gone */
	bool building;      /* messages are left to be taken in */
};
int account_index(struct account *a, struct account_index *ix, struct err *err);

#endif
