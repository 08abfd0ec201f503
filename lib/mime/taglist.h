/* SPDX-License-Identifier: ISC */
/* Lists of tag=value (RFC 6376 3.2): what DKIM and ARC fields, key records and
 * DMARC records are made of. */
#ifndef MIME_TAGLIST_H
#define MIME_TAGLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

enum { TAGLIST_MAX = 64 }; /* tags in one list */

struct taglist {
	struct taglist_tag {
		struct slice name;
		struct slice value; /* without white space at its ends */
	} tags[TAGLIST_MAX];
	size_t n;
};

/* Read TEXT, which may be folded.  False: it is no such list, a tag stands
 * there twice, or there are too many. */
bool taglist_parse(struct slice text, struct taglist *t);
/* The value of NAME (case matters); p == NULL: it is not there. */
struct slice taglist_get(const struct taglist *t, const char *name);
/* Add VALUE without any of its white space: base 64, lists. */
void taglist_compact(struct slice value, struct buf *out);

#endif
