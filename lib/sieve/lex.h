/* SPDX-License-Identifier: ISC */
/* The tokens of a script (RFC 5228 8.1). */
#ifndef SIEVE_LEX_H
#define SIEVE_LEX_H

#include "sieve/report.h"

enum sieve_token_kind {
	SIEVE_END,
	SIEVE_NUMBER,
	SIEVE_STRING,
	SIEVE_WORD,
	SIEVE_TAG,
	SIEVE_SIGN,  /* one of [ ] ( ) { } , ; */
	SIEVE_BAD,   /* reported; what it would have been is known */
	SIEVE_TRASH, /* reported; it is no token of the language */
};

struct sieve_token {
	enum sieve_token_kind kind;
	char sign;
	struct sieve_pos pos;
	struct slice text; /* of a string its value, of a tag without colon */
	uint64_t number;
};

struct sieve_lex {
	struct slice text;
	size_t at;
	struct sieve_pos pos; /* of text.p[at] */
	uint32_t lines_from;  /* where the last quoted string of several lines
				 begins; 0: there was none */
	struct slice script;
	struct arena *arena;
	struct sieve_report *report;
};

/* Identifiers are at most this long. */
enum { SIEVE_NAME_MAX = 32 };

/* SCRIPT is the name in reports.  All strings borrow from TEXT or the arena:
 * escapes undone, lines of "text:" unstuffed, line ends as CRLF. */
void sieve_lex_init(struct sieve_lex *l, struct slice text, struct slice script,
    struct arena *a, struct sieve_report *report);
/* The next token; SIEVE_END again and again at the end. */
void sieve_lex_next(struct sieve_lex *l, struct sieve_token *t);
/* The token for a message: "'fileinto'", "a string", "end of script". */
const char *sieve_token_text(const struct sieve_token *t, char *out, size_t n);

#endif
