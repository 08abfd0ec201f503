/* SPDX-License-Identifier: ISC */
/* Has the owner of an account been told how full it is?  The index keeps the
 * last warning that he had: ix_meta.warned is 1 more, and 0 when it is new. */
#ifndef STORE_QUOTA_DUE_H
#define STORE_QUOTA_DUE_H

#include <stdbool.h>

struct account;
struct quota;
struct tx;

/* The warning that he has not had yet (quota_policy.h), as of TX (quota_begin);
 * KEPT_OUT: mail was; 0: none. */
unsigned quota_due(const struct tx *tx, bool kept_out);
/* The same outside of a transaction, and what is used; 0 also when that cannot
 * be told. */
unsigned quota_due_now(struct account *a, bool kept_out, struct quota *used);
/* TX has brought him WARNING. */
void quota_warned(struct tx *tx, unsigned warning);

/* Of A's limits, in percent; 0 where there are none. */
unsigned quota_percent(const struct account *a, const struct quota *used);

#endif
