/* SPDX-License-Identifier: ISC */
/* What a reader sees of a text part: of HTML, of format=flowed. */
#ifndef TEXT_VISIBLE_H
#define TEXT_VISIBLE_H

#include <stdbool.h>

#include "base/slice.h"

struct mime_part;
struct visible;

/* NULL: the text of P is seen as it stands. */
struct visible *visible_new(const struct mime_part *p);
/* V may point at NULL; leaves NULL. */
void visible_free(struct visible **v);
/* What is seen of IN, the next piece of the text in UTF-8; until the next
 * call. */
struct slice visible_feed(struct visible *v, struct slice in, bool last);

#endif
