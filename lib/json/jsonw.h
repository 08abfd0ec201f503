/* SPDX-License-Identifier: ISC */
/*
 * Writing JSON (RFC 8259) as it is found out, without a tree: names and values
 * go behind each other, and the commas between them come by themselves.  Names
 * are ours and need no escapes; in strings what is no UTF-8 becomes U+FFFD.
 * The caller opens and closes in pairs.
 */
#ifndef JSON_JSONW_H
#define JSON_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct jsonw {
	struct buf *out; /* which says whether all of it had room */
	bool comma;      /* a value stands before the next one */
};

void jsonw_begin(struct jsonw *w, struct buf *out);
/* { [ ] } */
void jsonw_open(struct jsonw *w, char bracket);
void jsonw_close(struct jsonw *w, char bracket);
/* The name of the member whose value is written next; _key: a foreign one. */
void jsonw_name(struct jsonw *w, const char *name);
void jsonw_key(struct jsonw *w, struct slice name);

void jsonw_string(struct jsonw *w, struct slice s);
void jsonw_int(struct jsonw *w, int64_t n);
void jsonw_uint(struct jsonw *w, uint64_t n);
void jsonw_bool(struct jsonw *w, bool b);
void jsonw_null(struct jsonw *w);
/* TEXT is a value already. */
void jsonw_raw(struct jsonw *w, struct slice text);

#endif
