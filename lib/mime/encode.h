/* SPDX-License-Identifier: ISC */
/*
 * Content-Transfer-Encoding done in pieces (RFC 2045 6.7, 6.8): what
 * transfer.h undoes.  Lines are at most 76 bytes and end in CRLF.  No line of
 * quoted-printable begins with "-" or "From ", so that none can be taken for a
 * boundary or an mbox separator.
 */
#ifndef MIME_ENCODE_H
#define MIME_ENCODE_H

#include <stddef.h>

#include "base/slice.h"
#include "mime/transfer.h"

struct buf;

struct encode {
	enum transfer_encoding encoding;
	size_t column;
	char held[3]; /* base64: not yet a group; else what may end a line */
	size_t nheld;
};

/* ENCODING: TRANSFER_BASE64 or TRANSFER_QUOTED_PRINTABLE. */
void encode_init(struct encode *e, enum transfer_encoding encoding);
/* Encode PIECE behind OUT.  Quoted-printable keeps CRLF as line ends; a CR or
 * LF alone is encoded. */
void encode_feed(struct encode *e, struct slice piece, struct buf *out);
/* What was held back at the end; adds no line end. */
void encode_finish(struct encode *e, struct buf *out);

/* Add TEXT (one line) as encoded words (RFC 2047) in UTF-8, or in
 * "unknown-8bit" (RFC 1428) where it is none, "\r\n " between them. */
void encode_words(struct buf *out, struct slice text);

#endif
