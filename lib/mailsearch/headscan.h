/* SPDX-License-Identifier: ISC */
/* Looking for strings in the fields of a header: each field is decoded and
 * folded once, for all the keys that ask for its name. */
#ifndef MAILSEARCH_HEADSCAN_H
#define MAILSEARCH_HEADSCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mailsearch/search.h"

struct headscan {
	const struct search *search;
	struct slice rest;    /* of the header; borrowed */
	struct slice charset; /* of raw bytes in it; borrowed */
	struct buf folded;
	bool found[SEARCH_STRINGS_MAX];
	uint8_t near[SEARCH_STRINGS_MAX]; /* of fuzzy ones (fulltext/near.h) */
};

void headscan_begin(struct headscan *h, const struct search *search,
    struct slice header, struct slice charset);
/* Some fields more; false at the end. */
bool headscan_step(struct headscan *h);
void headscan_end(struct headscan *h);

#endif
