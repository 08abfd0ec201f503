/* SPDX-License-Identifier: ISC */
/* Base 64 (RFC 4648 4), strict: canonical padding, no white space. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

void base64_encode(struct buf *out, struct slice in);
/* False when IN is not base 64 or OUT is full; OUT then holds a part. */
bool base64_decode(struct buf *out, struct slice in);
/* Of each byte its value as a digit and one more, or 0. */
extern const unsigned char base64_values[256];

/* The value of one digit, or -1. */
static inline int
base64_digit(char c)
{
	return base64_values[(unsigned char)c] - 1;
}

#endif
