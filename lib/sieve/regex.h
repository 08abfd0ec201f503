/* SPDX-License-Identifier: ISC */
/* Regular expressions: PCRE2 without its compiler to machine code, bounded in
 * steps, depth and memory. */
#ifndef SIEVE_REGEX_H
#define SIEVE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct sieve_limits;
struct sieve_regex;

enum sieve_regex_result {
	SIEVE_REGEX_NONE,
	SIEVE_REGEX_MATCH,
	SIEVE_REGEX_LIMIT, /* it would have taken too long */
};

struct sieve_regex_values {
	struct slice v[33]; /* p == NULL: has no part in the match */
	size_t n;
};

/* NULL: it is none, and WHY of SIZE says what is wrong with it.  CASELESS as
 * the comparator wants it. */
struct sieve_regex *sieve_regex_new(struct slice pattern, bool caseless,
    const struct sieve_limits *limits, char *why, size_t size);
void sieve_regex_free(struct sieve_regex **r);
/* V, which may be NULL, borrows from TEXT. */
enum sieve_regex_result sieve_regex_match(const struct sieve_regex *r,
    struct slice text, struct sieve_regex_values *v);

#endif
