/* SPDX-License-Identifier: ISC */
/* Removing what was kept long enough (retention.h). */
#ifndef STORE_EXPIRE_H
#define STORE_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct keepsum;

/* Is there something to expire? */
bool expire_due(struct account *a);
/* Is DAY_S, the oldest that A, which keeps ALL, has, to be removed? */
bool expire_is_over(
    const struct account *a, int64_t day_s, const struct keepsum *all);
/* Of A no more bytes than this are kept. */
uint64_t expire_bound(const struct account *a);

#endif
