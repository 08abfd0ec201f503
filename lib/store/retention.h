/* SPDX-License-Identifier: ISC */
/* How long a store keeps what is expunged from its accounts. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct account;
struct store;

/* For SECONDS, 0: not at all, and what was kept goes.  (A new store keeps
 * nothing and lets nothing go.)  No more of an account than its quota, where it
 * has one, and than BYTES (0: as much as it is). */
void store_set_retention(struct store *store, int64_t seconds, uint64_t bytes);

/* What an account keeps. */
struct retained {
	uint64_t bytes;
	uint64_t messages;
};
int account_retained(struct account *a, struct retained *r, struct err *err);
/* Remove some of what was kept long enough, as the store does by itself while
 * the account is in use; ALL: whatever is kept.  *MORE: call again. */
int account_expire(struct account *a, bool all, bool *more, struct err *err);

#endif
