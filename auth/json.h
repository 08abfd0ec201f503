/* SPDX-License-Identifier: ISC */
/* Reading JSON (RFC 8259) where it stands: a value is the text of one, and its
 * parts are looked up in that.  Pure. */
#ifndef AUTH_JSON_H
#define AUTH_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { JSON_DEPTH_MAX = 16 };

/* TEXT is one value and nothing else but white space around it, which *VALUE is
 * without.  Everything below takes such a value, or part of one. */
bool json_parse(struct slice text, struct slice *value);

/* The member NAME of OBJECT.  False: OBJECT is none, or has no such member.  Of
 * more than one nobody knows which counts: then the value is empty, which is
 * neither a string nor anything else. */
bool json_member(struct slice object, const char *name, struct slice *value);
/* The next element of an array; start with *REST being the array.  False: there
 * is no more, or it is none. */
bool json_next(struct slice *rest, struct slice *element);

bool json_is_string(struct slice value);
/* The text of a string, decoded.  False: it is none, or OUT is full. */
bool json_string(struct slice value, struct buf *out);
/* Is VALUE the string TEXT? */
bool json_is(struct slice value, const char *text);
/* A number that is not negative, without its fraction; at most 2^53.  False:
 * it is none, or has an exponent. */
bool json_number(struct slice value, int64_t *n);

#endif
