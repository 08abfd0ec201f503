/* SPDX-License-Identifier: ISC */
/* Looking for strings in the text of a message (text/textscan.h). */
#ifndef MAILSEARCH_BODYSCAN_H
#define MAILSEARCH_BODYSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "mailsearch/search.h"
#include "text/textscan.h"

struct bodyscan {
	struct textscan text;
	const struct search *search;
	bool found[SEARCH_STRINGS_MAX];
	size_t nfound;
};

/* Begin with the message of ROOT in BLOCK. */
void bodyscan_begin(struct bodyscan *s, const struct search *search,
    struct block *block, const struct mime_part *root);
/* Read on; *DONE when there is no more to find. */
int bodyscan_step(struct bodyscan *s, bool *done, struct err *err);
void bodyscan_end(struct bodyscan *s);

#endif
