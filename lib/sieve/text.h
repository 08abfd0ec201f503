/* SPDX-License-Identifier: ISC */
/* What stands in strings between ${ and }: characters by number (RFC 5228
 * 2.4.2.4) and variables (RFC 5229 3). */
#ifndef SIEVE_TEXT_H
#define SIEVE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

enum sieve_piece_kind {
	SIEVE_PIECE_TEXT,
	SIEVE_PIECE_VARIABLE, /* text: its name, may have dots in it */
	SIEVE_PIECE_MATCH,    /* number */
};

struct sieve_piece {
	enum sieve_piece_kind kind;
	struct slice text;
	uint32_t number;
};

enum { SIEVE_MATCH_MAX = 32, SIEVE_VARIABLE_NAME_MAX = 64 };

/* Take the next piece off *S; false at its end. */
bool sieve_text_piece(struct slice *s, struct sieve_piece *p);
/* Does a variable stand in it? */
bool sieve_text_has_variables(struct slice s);
/* Is it a name that a variable can have?  No namespace is looked at. */
bool sieve_text_is_name(struct slice s);

/* Replace *S, in A; false: a number that is no character of Unicode. */
bool sieve_text_decode(struct arena *a, struct slice *s);

#endif
