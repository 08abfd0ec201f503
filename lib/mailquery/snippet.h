/* SPDX-License-Identifier: ISC */
/* Search snippets (RFC 8621 5): a text as HTML, with what was looked for
 * marked.
 */
#ifndef MAILQUERY_SNIPPET_H
#define MAILQUERY_SNIPPET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct buf;
struct criterion;

enum { SNIPPET_NEEDLES_MAX = 64, SNIPPET_PREVIEW = 255 };

struct snippet_needles {
	struct slice v[SNIPPET_NEEDLES_MAX]; /* folded */
	size_t n;
};

/* What FILTER looks for in subjects (or, BODY, in bodies), memory from A. */
void snippet_needles(struct snippet_needles *needles,
    const struct criterion *filter, bool body, struct arena *a);
/* Add TEXT (UTF-8) to OUT, at most MAX octets of it, from shortly before the
 * first of NEEDLES on; false, and nothing is added: none of them is there. */
bool snippet_put(struct buf *out, struct slice text,
    const struct snippet_needles *needles, size_t max);

#endif
