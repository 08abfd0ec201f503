/* SPDX-License-Identifier: ISC */
/* What a scanner's value is (score.h), as a parameter says it. */
#ifndef SIEVE_SCORETYPE_H
#define SIEVE_SCORETYPE_H

#include "base/words.h"

/* clang-format off */
#define SIEVE_SCORE_TYPES(W)                                                   \
	W(SIEVE_SCORE_NUMBER, "score")  /* of a maximum */                     \
	W(SIEVE_SCORE_LENGTH, "strlen") /* so many characters of a maximum */  \
	W(SIEVE_SCORE_TEXT, "text")     /* one of the texts */
/* clang-format on */
enum sieve_score_type { SIEVE_SCORE_TYPES(WORDS_ID) };

#endif
