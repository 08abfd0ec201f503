/* SPDX-License-Identifier: ISC */
/* How much an account may have: what its own entry says, else its domain's,
 * else the parameter quota. */
#ifndef TABLE_ALLOTMENT_H
#define TABLE_ALLOTMENT_H

#include "base/err.h"
#include "base/slice.h"

struct account_entry;
struct shared_conf;
struct table;

/* Fill in A->quota, which was read as the entry of NAME in ACCOUNTS.  ERR_TEMP
 * where the domain's entry cannot be read. */
int allotment_find(struct table *accounts, const struct shared_conf *shared,
    struct slice name, struct account_entry *a, struct err *err);
/* Is the parameter a quota?  ERR_PERM. */
int allotment_check(const struct shared_conf *shared, struct err *err);

#endif
