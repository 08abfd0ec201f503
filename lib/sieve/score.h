/* SPDX-License-Identifier: ISC */
/* What a spam or virus scanner has written into a header, as spamtest and
 * virustest count it (RFC 5235). */
#ifndef SIEVE_SCORE_H
#define SIEVE_SCORE_H

#include "base/err.h"
#include "base/slice.h"
#include "sieve/env.h"
#include "sieve/scoretype.h"

struct sieve_limits;

enum { SIEVE_SCORE_TEXTS = 11 };

struct sieve_score_rule {
	/* A field's name, and behind a colon a regular expression whose first
	 * parentheses are around the value. */
	struct slice header;
	enum sieve_score_type type;
	struct slice max;                      /* a number; or, when empty, */
	struct slice max_header;               /* where it stands */
	struct slice texts[SIEVE_SCORE_TEXTS]; /* of SIEVE_SCORE_TEXT */
};

/* -1 (ERR_PERM): RULE would never find anything. */
int sieve_score_check(const struct sieve_score_rule *rule, struct err *err);
/* The score of MESSAGE, counted as KIND has it; ABSENT: it has none. */
enum found sieve_score_get(const struct sieve_score_rule *rule,
    struct slice message, const struct sieve_limits *limits,
    enum sieve_score_kind kind, unsigned *score);

#endif
