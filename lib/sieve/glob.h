/* SPDX-License-Identifier: ISC */
/* :matches: * is any text, as short as can be, ? one character (RFC 5228
 * 2.7.1). */
#ifndef SIEVE_GLOB_H
#define SIEVE_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sieve/compare.h"

enum { SIEVE_GLOB_VALUES = 33 };

/* Both are prepared (sieve/compare.h).  V[0] is TEXT, the others what stood for
 * each wildcard, *N how many (not more than SIEVE_GLOB_VALUES).  *COST grows by
 * the bytes looked at. */
bool sieve_glob_match(enum sieve_comparator c, struct slice text,
    struct slice pattern, struct slice v[SIEVE_GLOB_VALUES], size_t *n,
    uint64_t *cost);

#endif
