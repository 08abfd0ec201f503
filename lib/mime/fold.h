/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 brought into the form in which search compares it: Unicode case
 * folding and compatibility decomposition (NFKD, after RFC 5051), what is
 * ignorable left out, runs of white space as one space.  Hangul is the
 * exception: syllables stay whole, and jamo that make one are put together, so
 * that a search for a syllable does not find it inside another.
 */
#ifndef MIME_FOLD_H
#define MIME_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

/* Combining marks behind a character that are put in order; UAX 15 allows 30 in
 * a stream-safe text. */
enum { FOLD_MARKS = 32 };

/* Start with a zeroed one. */
struct fold {
	uint32_t jamo; /* a syllable that may still grow; 0 when none */
	bool blank;    /* the last thing given was a space */
	size_t nmarks;
	uint32_t marks[FOLD_MARKS]; /* held back until another kind comes */
};

/* Add IN (whole characters; broken ones become U+FFFD) to OUT, folded. */
void fold_feed(struct fold *f, struct slice in, struct buf *out);
/* What was held back at the end. */
void fold_finish(struct fold *f, struct buf *out);
/* All at once. */
void fold_text(struct slice in, struct buf *out);

#endif
