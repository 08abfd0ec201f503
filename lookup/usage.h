/* SPDX-License-Identifier: ISC */
/*
 * How full mailboxes are, as far as those who write them have said lately.
 * Known for a minute: a word that was lost must not keep mail out for long,
 * and whoever delivers checks again.
 */
#ifndef LOOKUP_USAGE_H
#define LOOKUP_USAGE_H

#include <stdint.h>

#include "base/slice.h"

enum { USAGE_KNOWN_MS = 60000, USAGE_ACCOUNTS_MAX = 100000 };

void lookup_usage_set(struct slice account, uint64_t bytes, int64_t now_ms);
/* What is left of QUOTA; UINT64_MAX when QUOTA is 0 or nothing is known. */
uint64_t lookup_usage_room(
    struct slice account, uint64_t quota, int64_t now_ms);
/* Forget everything. */
void lookup_usage_clear(void);

#endif
