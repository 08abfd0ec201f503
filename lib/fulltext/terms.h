/* SPDX-License-Identifier: ISC */
/*
 * What a text is found by.  Folded text (mime/fold.h) is runs of characters of
 * two kinds, and what parts them: words, of letters and digits, which are terms
 * as they stand; and what is written without spaces (Hangul, Han, Kana, Thai,
 * ...), of which each two characters in a row are a term, and the last one.  A
 * word that a machine made, or a very long one, is none: it stands in the rest
 * of its message.  Where text is cut into runs depends on its characters alone,
 * so a string that stands in a text has the runs of that place, but for the
 * first and the last, which may be parts of longer ones.
 */
#ifndef FULLTEXT_TERMS_H
#define FULLTEXT_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum {
	TERMS_WORD_MAX = 40, /* bytes; a longer one is in the rest */
	TERMS_MAX = 20000,   /* of one message */
	TERMS_REST_MAX = 256 << 10,
};

/* Where in a message. */
enum terms_where { TERMS_HEADER, TERMS_BODY };

enum term_flags {
	TERM_IN_HEADER = 1 << TERMS_HEADER,
	TERM_IN_BODY = 1 << TERMS_BODY,
	TERM_PAIR = 1 << 2, /* not a word */
};

struct term {
	uint32_t off; /* in bytes */
	uint16_t n;
	uint16_t flags;
};

struct terms {
	struct term *v; /* each once */
	size_t n, cap;
	struct buf bytes;
	struct buf rest[2]; /* "\n" in front of each and at the end */
	bool too_many;      /* not all of them are here */

	/* the table of v, and the run that is being read */
	uint32_t *slots;
	size_t nslots;
	enum terms_where where;
	int kind;
	char run[TERMS_WORD_MAX + 8];
	size_t nrun;
	bool spilled; /* to the rest */
};

void terms_init(struct terms *t);
void terms_fini(struct terms *t);
/* Forget all, keep the memory. */
void terms_reset(struct terms *t);
/* More of a text at WHERE, cut between characters; _end: it is over. */
void terms_feed(struct terms *t, enum terms_where where, struct slice text);
void terms_end(struct terms *t);
static inline struct slice
terms_text(const struct terms *t, const struct term *term)
{
	return slice_of(t->bytes.p + term->off, term->n);
}

/* Does WORD, a whole run, stand in the rest? */
bool terms_is_rest(struct slice word);

/* A run of a string that is looked for. */
struct terms_run {
	struct slice text;
	bool pair;  /* not a word */
	bool first; /* nothing stands before it in the string */
	bool last;
};
/* The next run of *TEXT (whole at first, with RUN zeroed); false: no other. */
bool terms_next_run(
    struct slice whole, struct slice *text, struct terms_run *run);
/* Length of the first character of S, which is not empty. */
size_t terms_char(struct slice s);

#endif
