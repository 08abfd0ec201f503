/* SPDX-License-Identifier: ISC */
/* Looking for one string in many texts: by the byte of it that texts have
 * least, and so with memchr most of the way. */
#ifndef BASE_NEEDLE_H
#define BASE_NEEDLE_H

#include <stddef.h>

#include "base/slice.h"

/* The place in NEEDLE, which is text in lower case, of its rarest byte. */
size_t needle_rare(struct slice needle);
/* Index of the first place where NEEDLE stands in TEXT; text.n when nowhere.
 * RARE is what needle_rare says of it.  Linear in TEXT. */
size_t needle_find(struct slice text, struct slice needle, size_t rare);

#endif
