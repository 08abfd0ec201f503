/* SPDX-License-Identifier: ISC */
/* Encoded words in header text (RFC 2047), decoded to UTF-8 for search and
 * sorting.  Nothing fails: what is no encoded word stays as it stands, broken
 * bytes become U+FFFD. */
#ifndef MIME_WORD_H
#define MIME_WORD_H

#include "base/slice.h"

struct buf;

/* Add VALUE (folded or not) to OUT in UTF-8.  White space between encoded
 * words goes; neighbours in one charset are put together before they are
 * converted, for characters cut between them. */
void word_decode(struct buf *out, struct slice value);
/* The same where raw bytes that are no UTF-8, and ISO 2022 in seven bits, are
 * of CHARSET, if that is known and not empty. */
void word_decode_in(struct buf *out, struct slice value, struct slice charset);

/* Add S to OUT with each ESC and two hexadecimal digits as one byte. */
void word_unescape(struct buf *out, struct slice s, char esc);

#endif
