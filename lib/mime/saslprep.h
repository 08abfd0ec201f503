/* SPDX-License-Identifier: ISC */
/*
 * SASLprep (RFC 4013): the one form of a password that can be typed in several.
 * With the Unicode of today instead of 3.2, so that characters that came later
 * count as any other (as RFC 8265 has it).
 */
#ifndef MIME_SASLPREP_H
#define MIME_SASLPREP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* The prepared form of IN to OUT.  False when IN is not UTF-8, has a character
 * that is prohibited (RFC 4013 2.3, unassigned ones too), mixes directions
 * against RFC 3454 6, or nothing of it is left; OUT then holds a part. */
bool saslprep(struct slice in, struct buf *out);

#endif
