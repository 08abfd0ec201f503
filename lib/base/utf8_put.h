/* SPDX-License-Identifier: ISC */
/* Writing UTF-8 (base/utf8.h). */
#ifndef BASE_UTF8_PUT_H
#define BASE_UTF8_PUT_H

#include <stddef.h>
#include <stdint.h>

struct buf;

enum { UTF8_MAX = 4 }; /* bytes of a character */

/* The character C, at most U+10FFFF, to TO, which has room for UTF8_MAX bytes;
 * gives how many it took.  A surrogate becomes what utf8_valid refuses. */
size_t utf8_format(char *to, uint32_t c);
/* The same behind B. */
void utf8_put(struct buf *b, uint32_t c);

#endif
