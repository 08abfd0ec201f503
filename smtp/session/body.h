/* SPDX-License-Identifier: ISC */
/*
 * A message on its way out: read in pieces, line ends made CRLF, parts
 * converted where the host needs it, dots at the start of lines doubled (RFC
 * 5321 4.5.2), the checksum of what was read kept.  A lone CR or LF never goes
 * out: some servers take one for the end of a line, and with it a forged end of
 * the message.
 */
#ifndef SMTP_SESSION_BODY_H
#define SMTP_SESSION_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct downgrade;
struct smtp_text;

enum { SMTP_BODY_PIECE = 32768 };

/* Line ends made CRLF, with or without dots doubled. */
struct smtp_lines {
	bool line_start; /* the next byte is the first of its line */
	bool after_cr;   /* a CR was read and its line end not written yet */
	bool dots;
};

void smtp_lines_init(struct smtp_lines *l, bool dots);
void smtp_lines_feed(struct smtp_lines *l, struct slice in, struct buf *out);
/* The text ends: so does its last line. */
void smtp_lines_end(struct smtp_lines *l, struct buf *out);

struct smtp_body {
	const struct smtp_text *text; /* borrowed */
	int64_t at;
	uint32_t crc32c, want_crc32c;
	struct smtp_lines lines;     /* as they go out */
	struct smtp_lines plain;     /* as the conversion wants them */
	struct downgrade *downgrade; /* borrowed; NULL: as it is */
	bool binary;                 /* it comes as BINARYMIME has it */
	bool chunk;                  /* and goes out so, by BDAT */
};

/* TEXT, whose CRC-32C should be CRC, converted by DOWNGRADE, which has a plan,
 * or NULL.  BINARY: it is BINARYMIME, and goes out as it is, without a final
 * dot, if it is not converted. */
void smtp_body_init(struct smtp_body *b, const struct smtp_text *text,
    uint32_t crc, struct downgrade *downgrade, bool binary);
/* Add one piece of output to OUT: about one of input (twice as much where all
 * of it is dots), four times as much where it is converted. */
enum smtp_body_end {
	SMTP_BODY_MORE,
	SMTP_BODY_DONE,    /* the end is in OUT, the final dot with it */
	SMTP_BODY_DAMAGED, /* the checksum is wrong; the end must not be sent */
	SMTP_BODY_ERROR,   /* the file cannot be read; ERR says why */
};
enum smtp_body_end smtp_body_next(
    struct smtp_body *b, struct buf *out, struct err *err);

#endif
