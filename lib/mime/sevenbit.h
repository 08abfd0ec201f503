/* SPDX-License-Identifier: ISC */
/*
 * A header field as ASCII in lines of at most 998 bytes (RFC 5322 2.1.1):
 * encoded words in text, display names and comments (RFC 2047), RFC 2231 in
 * the parameters of MIME fields, '?' where neither may stand.
 *
 * Content-Type, -Disposition and -Transfer-Encoding are written anew from what
 * mime/param.h reads in them, so that it reads the same in the result: a
 * boundary is neither lost nor found by where lines are folded.
 */
#ifndef MIME_SEVENBIT_H
#define MIME_SEVENBIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct header_field;

enum { SEVENBIT_LINE_MAX = 998 /* without CRLF */ };

/* Has S a byte above 127? */
bool sevenbit_is_8bit(struct slice s);
/* Add F to OUT; its 8-bit bytes stay when ASCII is false. */
void sevenbit_field(struct buf *out, const struct header_field *f, bool ascii);
/*
 * Add a piece of text (with CRLF line ends) that cannot be encoded: INSTEAD
 * for each byte above 127 (they stay when it is 0), lines cut by CRLF and a
 * space.  *COLUMN goes from piece to piece, 0 at first.
 */
void sevenbit_text(
    struct buf *out, struct slice text, char instead, size_t *column);

#endif
