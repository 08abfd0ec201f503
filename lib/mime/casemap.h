/* SPDX-License-Identifier: ISC */
/* The collation i;unicode-casemap (RFC 5051), which SORT and THREAD compare
 * strings with: bytes that order, and are equal, as it says. */
#ifndef MIME_CASEMAP_H
#define MIME_CASEMAP_H

#include "base/slice.h"

struct buf;

/* Add IN (UTF-8; broken bytes become U+FFFD) to OUT: each character in title
 * case, then decomposed.  Syllables of Hangul have no decomposition in
 * UnicodeData.txt and stay whole. */
void casemap_text(struct slice in, struct buf *out);

#endif
