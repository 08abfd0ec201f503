/* SPDX-License-Identifier: ISC */
/* What a part's header says, put into the part. */
#ifndef MIME_FILL_H
#define MIME_FILL_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct mime_limits;
struct mime_part;

/* Does fill_part look at fields called NAME?  MESSAGE: for an envelope, too. */
bool fill_wants(struct slice name, bool message);

/* Set type, strings, lists and, for a MESSAGE, the envelope of PART from HEAD
 * (a header, or its fields that fill_wants).  Missing or broken types become
 * text/plain; in a multipart/digest missing ones become message/rfc822.  The
 * kind is what the type says. */
void fill_part(struct arena *a, struct mime_part *part, struct slice head,
    bool message, const struct mime_limits *limits);
/* Type text/plain; charset=us-ascii, a leaf. */
void fill_text(struct arena *a, struct mime_part *part);
/* Type application/octet-stream, no parameters, a leaf. */
void fill_opaque(struct mime_part *part);

#endif
