/* SPDX-License-Identifier: ISC */
/* May an account take more? */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdint.h>

#include "base/err.h"

struct ix_box;
struct tx;

/* At the begin of TX: tx->used_* is what counts, as long as quota_take says all
 * that comes in; and it is noted that the use came down since the last warning.
 */
int quota_begin(struct tx *tx, struct err *err);
/* One more message of BYTES into TO.  ERR_PERM, ERR_OVER_QUOTA.  FROM: the
 * mailbox that it leaves, whose sums it is in; or NULL. */
int quota_take(struct tx *tx, const struct ix_box *from,
    const struct ix_box *to, uint64_t bytes, struct err *err);
/* The same of one that comes for another, which counts, has FREED bytes and is
 * about to go: what does not grow is always let in. */
int quota_swap(struct tx *tx, const struct ix_box *to, uint64_t freed,
    uint64_t bytes, struct err *err);

#endif
