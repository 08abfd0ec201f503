/* SPDX-License-Identifier: ISC */
/* The two canonical forms of header fields and bodies (RFC 6376 3.4).  A bare
 * LF counts as the end of a line, as CRLF does. */
#ifndef DKIM_CANON_H
#define DKIM_CANON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "tls/digest.h"

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED, DKIM_CANONS };

/* Add the canonical form of FIELD (with its name, colon and line ends), CRLF
 * included. */
void dkim_canon_field(
    enum dkim_canon canon, struct slice field, struct buf *out);

/* SHA-256 of a body in one of its forms, which comes in pieces of any size. */
struct dkim_body {
	enum dkim_canon canon;
	struct digest *digest;
	uint64_t length;    /* of the canonical form so far */
	uint64_t line_ends; /* that count if something follows */
	bool cr;            /* the last byte was a CR */
	bool blank;         /* white space, of which one space counts */
	size_t n;
	char out[4096]; /* not yet in the digest */
};

void dkim_body_begin(struct dkim_body *b, enum dkim_canon canon);
void dkim_body_add(struct dkim_body *b, struct slice bytes);
/* The digest, 32 bytes; `length` is that of the whole then. */
void dkim_body_end(struct dkim_body *b, uint8_t digest[32]);
/* Free it before its end; nothing happens where it has not begun. */
void dkim_body_drop(struct dkim_body *b);

#endif
