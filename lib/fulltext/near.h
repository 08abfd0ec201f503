/* SPDX-License-Identifier: ISC */
/* How near a text comes to a string that was not meant to the letter: by words,
 * whatever their order. */
#ifndef FULLTEXT_NEAR_H
#define FULLTEXT_NEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "fulltext/terms.h"

enum {
	NEAR_RUNS_MAX = 16, /* of a string; what follows does not count */
	/* Of words, in percent: */
	NEAR_SAME = 100,
	NEAR_START = 80, /* it begins with the one that is wanted */
	NEAR_STEM = 70,  /* or that one with it, and has an ending */
	NEAR_ERROR = 60, /* all but a letter, or two that changed places */
	NEAR_ERROR_START = 50, /* and more follows */
};

/* The runs of NEEDLE (folded; borrowed); gives how many. */
size_t near_runs(struct slice needle, struct terms_run v[NEAR_RUNS_MAX]);
/* How near WORD is to the WANTED one: 0, not at all, to NEAR_SAME. */
unsigned near_word(struct slice wanted, struct slice word);
/* Of NPAIRS pairs of characters a text has HAS: how near is it? */
unsigned near_pairs(size_t npairs, size_t has);
/* How many of N runs a text has to have. */
size_t near_enough(size_t n);
/* How near TEXT (folded) is to NEEDLE. */
unsigned near_text(struct slice needle, struct slice text);

#endif
