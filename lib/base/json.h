/* SPDX-License-Identifier: ISC */
/* Text as a string of JSON (RFC 8259 7). */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

/* S with its quotes behind OUT; what is no UTF-8 becomes U+FFFD. */
void json_put(struct buf *out, struct slice s);
/* "NAME": and S, both as strings. */
void json_put_member(struct buf *out, const char *name, struct slice s);

#endif
