/* SPDX-License-Identifier: ISC */
/*
 * Content-Transfer-Encoding undone in pieces (RFC 2045 6), tolerant: what is
 * no base 64 is passed over, what is no quoted-printable stays as it stands.
 */
#ifndef MIME_TRANSFER_H
#define MIME_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

enum transfer_encoding {
	TRANSFER_IDENTITY, /* 7bit, 8bit, binary */
	TRANSFER_BASE64,
	TRANSFER_QUOTED_PRINTABLE,
	TRANSFER_UNKNOWN, /* fed bytes pass unchanged */
};

struct transfer {
	enum transfer_encoding encoding;
	uint32_t bits; /* base64: not yet a byte */
	int nbits;
	char held[80]; /* quoted-printable: "=", "=4", or white space */
	size_t nheld;
};

/* What a Content-Transfer-Encoding value names (comments allowed). */
enum transfer_encoding transfer_find(struct slice value);

void transfer_init(struct transfer *t, enum transfer_encoding encoding);
/* Decode PIECE behind OUT, at most one byte more than PIECE.n plus what was
 * held back (80). */
void transfer_feed(struct transfer *t, struct slice piece, struct buf *out);
/* What was held back at the end. */
void transfer_finish(struct transfer *t, struct buf *out);

#endif
