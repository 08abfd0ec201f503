/* SPDX-License-Identifier: ISC */
/*
 * Text of format=flowed (RFC 3676) in pieces: lines that end in a space are
 * joined with the next of the same quote depth, whose marks go; space-stuffing
 * is undone.
 */
#ifndef TEXT_FLOWED_H
#define TEXT_FLOWED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;

/* Start with a zeroed one, and delsp. */
struct flowed {
	bool delsp;    /* the space at a soft line end goes with it */
	bool amid;     /* behind a line's quote marks and its stuffing */
	bool joins;    /* the line before ended softly */
	bool space;    /* one that may be the last of its line */
	bool cr;       /* one that may be of a line end */
	size_t depth;  /* quote marks of the line */
	size_t before; /* of the one before */
	size_t n;      /* bytes of content in the line so far */
	bool dashes;   /* "--", if n is 2 */
	bool any;      /* it is not the first line */
};

/* Add IN to OUT, at most four bytes for each and FLOWED_MARKS_MAX more. */
enum { FLOWED_MARKS_MAX = 100 };
void flowed_feed(struct flowed *f, struct slice in, struct buf *out);
/* The text ends. */
void flowed_finish(struct flowed *f, struct buf *out);

#endif
