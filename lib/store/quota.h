/* SPDX-License-Identifier: ISC */
/*
 * May an account take more, and has its owner been told?
 *
 * What counts are the sums of the index, less those of mailboxes that a rule
 * has ignored: exact as of each transaction, at the cost of a look at each
 * mailbox's record where there is such a rule.
 */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/quota.h"

struct account;
struct ix_box;
struct tx;

/* What a transaction finds, and what it has let in. */
struct quota_room {
	const struct account *a;
	struct quota used;
};

/* At the begin of TX, which notes that the use came down since the last
 * warning. */
int quota_begin(struct quota_room *r, struct tx *tx, struct err *err);
/* Another message of BYTES, into B; ERR_PERM ERR_OVER_QUOTA. */
int quota_fits(const struct quota_room *r, const struct ix_box *b,
    uint64_t bytes, struct err *err);
/* It is in. */
void quota_count(
    struct quota_room *r, const struct ix_box *b, uint64_t bytes);
/* Do B's messages count? */
bool quota_counts(const struct account *a, const struct ix_box *b);

/* The warning that the owner has not had yet (quota_policy.h), REFUSED: mail
 * was kept out; 0: none. */
unsigned quota_due(
    const struct quota_room *r, const struct tx *tx, bool refused);
/* TX has brought him WARNING. */
void quota_warned(struct tx *tx, unsigned warning);

/* Of A's limits, in percent; 0 where there are none. */
unsigned quota_percent(const struct account *a, const struct quota *used);

#endif
