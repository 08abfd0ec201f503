/* SPDX-License-Identifier: ISC */
/*
 * The fields of a message header (RFC 5322 2.2), in memory.
 *
 * Lines end in LF or CRLF.  What is no field (an mbox "From " line, text
 * without a colon, a continuation of nothing) is passed over, so that one bad
 * line hides nothing else.  The first empty line ends the header.
 */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* All three borrow from the header. */
struct header_field {
	struct slice name;  /* never empty, without blanks and colon */
	struct slice value; /* folded as it stands, without the last line end */
	struct slice raw;   /* the whole field with its line ends */
};

/* Take the next field off *HEAD; false at its end (then *HEAD is what stands
 * behind the empty line). Linear over all calls. */
bool header_next(struct slice *head, struct header_field *f);
/* The first field called NAME (ASCII case ignored). */
bool header_find(struct slice head, const char *name, struct header_field *f);
/* Bytes of MESSAGE up to and with the empty line that ends the header; all of
 * it when there is none. */
size_t header_length(struct slice message);

/* The field name that LINE begins with, 1*(33..126 but the colon) before a
 * colon (RFC 5322 3.6.8); empty when it begins no field. */
struct slice header_name(struct slice line);

/* Add VALUE on one line: line ends go (RFC 5322 2.2.3), a bare CR becomes a
 * space, white space at both ends is left out. */
void header_unfold(struct buf *out, struct slice value);

#endif
