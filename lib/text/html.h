/* SPDX-License-Identifier: ISC */
/*
 * The visible text of HTML, in pieces, as its tokens are read by browsers:
 * without tags, comments, scripts and style sheets, character references
 * decoded.  A tag within a word (<b>) leaves the word whole; any other parts
 * what stands beside it.
 */
#ifndef TEXT_HTML_H
#define TEXT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;

enum { HTML_HELD = 16 };

enum html_state {
	HTML_TEXT,
	HTML_REFERENCE,  /* behind "&" */
	HTML_OPEN,       /* behind "<" */
	HTML_NAME,       /* of a tag */
	HTML_TAG,        /* behind its name */
	HTML_VALUE,      /* behind "=" in it */
	HTML_QUOTED,     /* in a value */
	HTML_MARKUP,     /* behind "<!" */
	HTML_COMMENT,    /* behind "<!--" */
	HTML_DECLARATION /* up to ">" */
};

/* Start with a zeroed one. */
struct html {
	enum html_state state;
	bool closing; /* the tag begins with "</" */
	char quote;
	char held[HTML_HELD]; /* of a name or a reference */
	size_t nheld;
	size_t dashes;      /* COMMENT: behind each other, at its end */
	const char *hidden; /* an element that is not shown: up to its end */
};

/* Add what is visible of IN (UTF-8) to OUT, at most three bytes for each. */
void html_feed(struct html *h, struct slice in, struct buf *out);
/* The text ends. */
void html_finish(struct html *h, struct buf *out);

#endif
