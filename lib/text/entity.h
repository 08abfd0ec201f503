/* SPDX-License-Identifier: ISC */
/* Character references of HTML: the characters that names and numbers mean. */
#ifndef TEXT_ENTITY_H
#define TEXT_ENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

enum { ENTITY_NAME_MAX = 8 };

/* The character that "&NAME;" means, or, with ENDED false, "&NAME" alone; 0: it
 * is none. */
uint32_t entity_code(struct slice name, bool ended);
/* What stands behind "&#": digits, or "x" and hexadecimal ones. */
bool entity_number(struct slice text, uint32_t *code);
/* Add the character as UTF-8; what is none becomes U+FFFD. */
void entity_put(struct buf *out, uint32_t code);

#endif
