/* SPDX-License-Identifier: ISC */
/* A test's match: its type, comparator and keys, asked of value after value. */
#ifndef SIEVE_MATCH_H
#define SIEVE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sieve/compare.h"

struct sieve_call;
struct sieve_exec;
struct sieve_operand;
struct sieve_regex;

enum sieve_match_type {
	SIEVE_MATCH_IS,
	SIEVE_MATCH_CONTAINS,
	SIEVE_MATCH_MATCHES,
	SIEVE_MATCH_REGEX,
	SIEVE_MATCH_COUNT,
	SIEVE_MATCH_VALUE,
	SIEVE_MATCH_LIST,
};

struct sieve_match {
	enum sieve_match_type type;
	enum sieve_comparator comparator;
	enum sieve_relation relation;
	struct slice *keys;                 /* prepared */
	struct slice *raw;                  /* as they are written */
	const struct sieve_regex **regexes; /* of the keys; NULL: it is none */
	size_t nkeys;
	uint64_t count; /* values that were asked of */
	bool matched;
	bool no_values; /* ${0} and the others stay as they are */
};

/* Read type and comparator off CALL, and the KEYS; -1: the run fails. */
int sieve_match_init(struct sieve_exec *x, struct sieve_match *m,
    const struct sieve_call *call, const struct sieve_operand *keys);
/* Does VALUE match a key?  1, 0, or -1: the run fails.  With :count always 0:
 * it is counted. */
int sieve_match_value(
    struct sieve_exec *x, struct sieve_match *m, struct slice value);
/* The test's result, behind the last value. */
int sieve_match_end(struct sieve_exec *x, struct sieve_match *m, bool *result);

#endif
