/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 brought into the form in which search compares it: Unicode case
 * folding and compatibility decomposition (after RFC 5051), runs of white
 * space as one space.  Hangul is the exception: syllables stay whole, and
 * jamo that make one are put together, so that a search for a syllable does
 * not find it inside another.
 */
#ifndef MIME_FOLD_H
#define MIME_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

/* Start with a zeroed one. */
struct fold {
	uint32_t jamo; /* a syllable that may still grow; 0 when none */
	bool blank;    /* the last thing given was a space */
};

/* Add IN (whole characters; broken ones become U+FFFD) to OUT, folded. */
void fold_feed(struct fold *f, struct slice in, struct buf *out);
/* What was held back at the end. */
void fold_finish(struct fold *f, struct buf *out);
/* All at once. */
void fold_text(struct slice in, struct buf *out);

#endif
