/* SPDX-License-Identifier: ISC */
/*
 * The fields of a message's header that a record keeps (mime/record.h): those
 * that clients ask for to show a list of messages, as FETCH sends them, line
 * ends as CRLF and NUL as 0x80.  Of each of them is known that it is there, or
 * that it is not; one that is too large is not kept, and its message has to be
 * read.
 */
#ifndef MIME_FIELDS_H
#define MIME_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Of one field, of all of a message. */
enum { MIME_FIELD_MAX = 2048, MIME_FIELDS_MAX = 4096 };

/* The number of the kept field called NAME; -1: it is none that is kept. */
int mime_fields_id(struct slice name);
/* The numbers of all NAMES, as bits; false when one is not kept. */
bool mime_fields_mask(const struct slice *names, size_t n, uint64_t *mask);

/* FIELDS is what mime_fields_finish made, or empty: nothing is known. */

/* Does it know all in MASK? */
bool mime_fields_knows(struct slice fields, uint64_t mask);
/* What HEADER.FIELDS with the names in MASK gives (RFC 9051 6.4.5), added to
 * OUT; false, and nothing added, when it does not know. */
bool mime_fields_get(struct slice fields, uint64_t mask, struct buf *out);
/* The value of the first field ID, as it stands, without the last line end;
 * p == NULL: there is none.  False: it does not know. */
bool mime_fields_first(struct slice fields, int id, struct slice *value);
/* Would it be made of some header whose lines all end in CRLF? */
bool mime_fields_check(struct slice fields);

/* Collecting them while a header is read, line by line. */
struct mime_fields_take {
	struct buf text;
	uint64_t lost; /* bits of those that are not kept */
	size_t from;   /* where the field begins in text */
	int id;        /* of the field being read; -1: none to keep */
};

void mime_fields_begin(struct mime_fields_take *t);
/* A line begins that is no continuation: a field called NAME, or none. */
void mime_fields_line(struct mime_fields_take *t, struct slice name);
/* Some of a line's bytes. */
void mime_fields_add(struct mime_fields_take *t, struct slice bytes);
/* Whether the header has a field is no longer known of any. */
void mime_fields_give_up(struct mime_fields_take *t);
/* The header has ended, with an EMPTY line or without; added to OUT.  Frees. */
void mime_fields_finish(
    struct mime_fields_take *t, bool empty, struct buf *out);
void mime_fields_end(struct mime_fields_take *t);

#endif
