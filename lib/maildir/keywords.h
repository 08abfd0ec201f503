/* SPDX-License-Identifier: ISC */
/*
 * Keywords of a mailbox: each has a number in its table, and a message has a
 * set of numbers.  The first KEYWORD_LETTERS numbers are the letters a-z of
 * file names, the rest stands in pabal-keywords (kwfile.h).
 *
 * A number means something with the table it was read with: numbers of
 * keywords that no message has are given to others.
 */
#ifndef MAILDIR_KEYWORDS_H
#define MAILDIR_KEYWORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"
#include "maildir/keyword_set.h"

struct buf;

/* May C stand in a keyword?  An atom (RFC 3501 9), which can also stand in a
 * line of a file. */
bool keywords_byte(char c);
/* Names in a list, with a blank between two: the next of NAMES; false at the
 * end. */
bool keywords_next(struct slice *names, struct slice *name);
/* May NAMES be those of one message?  ERR_PERM with ERR_LIMIT if not. */
int keywords_check(struct slice names, struct err *err);

struct keyword_table {
	char **names; /* by number; NULL: not used */
	unsigned size;
	unsigned used;
	struct map by_name; /* in lower case -> number + 1 */
	uint64_t modseq;    /* of its last change; 0: to be read again */
	/* Differs from what was read or saved / in its letters too. */
	bool dirty;
	bool letters_dirty;
};

/* A zeroed table is empty. */
void keywords_fini(struct keyword_table *t);
/* The number of NAME (any case), or -1. */
int keywords_find(const struct keyword_table *t, struct slice name);
/* NULL: not used. */
const char *keywords_name(const struct keyword_table *t, unsigned n);
/* N means NAME from now on (NULL: nothing). */
void keywords_set(
    struct keyword_table *t, unsigned n, const struct slice *name);
/* The number of NAME, made where it is new: a free letter, else a number
 * beyond, from MIN on.  -1: the table is full. */
int keywords_add(struct keyword_table *t, struct slice name, unsigned min);
/* Every number in use. */
void keywords_all(const struct keyword_table *t, struct keyword_set *s);
uint32_t keywords_letters(const struct keyword_table *t);

/* "<number> <name>" lines as Dovecot has them, numbers from 0 up to LIMIT.
 * What cannot stand in a keyword is read as '_'. */
void keywords_parse(struct keyword_table *t, struct slice text, unsigned limit);
void keywords_format(
    const struct keyword_table *t, struct buf *out, unsigned limit);

#endif
