/* SPDX-License-Identifier: ISC */
/* Sets of keywords by their numbers (see keywords.h). */
#ifndef MAILDIR_KEYWORD_SET_H
#define MAILDIR_KEYWORD_SET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	KEYWORDS_MAX = 2048,        /* of a mailbox */
	KEYWORDS_PER_MESSAGE = 512, /* of a message */
	KEYWORD_LETTERS = 26,
	KEYWORD_SIZE_MAX = 100,
};

/* The text of a message's keywords at most. */
enum { KEYWORD_TEXT_MAX = KEYWORDS_PER_MESSAGE * (KEYWORD_SIZE_MAX + 1) };

struct keyword_set {
	uint32_t w[KEYWORDS_MAX / 32];
};

void keyword_set_add(struct keyword_set *s, unsigned n);
bool keyword_set_has(const struct keyword_set *s, unsigned n);
/* TO gets what FROM has too / loses what FROM has. */
void keyword_set_or(struct keyword_set *to, const struct keyword_set *from);
void keyword_set_del(struct keyword_set *to, const struct keyword_set *from);
unsigned keyword_set_count(const struct keyword_set *s);
/* The first number from FROM on; KEYWORDS_MAX: none. */
unsigned keyword_set_next(const struct keyword_set *s, unsigned from);
bool keyword_set_more(const struct keyword_set *s); /* than letters */
uint32_t keyword_set_letters(const struct keyword_set *s);
void keyword_set_put_letters(struct keyword_set *s, uint32_t letters);

#endif
