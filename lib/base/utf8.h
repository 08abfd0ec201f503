/* SPDX-License-Identifier: ISC */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, at most
 * U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Length of the well-formed character at the start of S; 0 when there is
 * none (also for the empty slice). */
size_t utf8_len(struct slice s);
/* How many bytes of ASCII / of well-formed characters S begins with. */
size_t utf8_ascii(struct slice s);
size_t utf8_span(struct slice s);
/* S is well-formed from end to end; the empty slice is. */
bool utf8_valid(struct slice s);

/* The character at the start of S, of the length that utf8_len gives. */
uint32_t utf8_code(struct slice s);
/* Does C give a terminal orders or turn text around: a control character (C0,
 * DEL, C1), a bidirectional control, a separator of lines? */
bool utf8_is_control(uint32_t c);

#endif
