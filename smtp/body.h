/* SPDX-License-Identifier: ISC */
/*
 * A message on its way out of a spool file: read in pieces, line ends made
 * CRLF, dots at the start of lines doubled (RFC 5321 4.5.2), the checksum of
 * what was read kept.  A lone CR or LF never goes out: some servers take one
 * for the end of a line, and with it a forged end of the message.
 */
#ifndef SMTP_BODY_H
#define SMTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct smtp_body {
	int fd; /* borrowed */
	int64_t at, end;
	uint32_t crc32c, want_crc32c;
	bool line_start; /* the next byte is the first of its line */
	bool after_cr;   /* a CR was read and its line end not written yet */
};

/* SIZE bytes at OFFSET of FD whose CRC-32C should be CRC. */
void smtp_body_init(
    struct smtp_body *b, int fd, int64_t offset, int64_t size, uint32_t crc);
/* Add one piece of output (at most 2 * SMTP_BODY_PIECE and a bit) to OUT. */
enum { SMTP_BODY_PIECE = 32768 };
enum smtp_body_end {
	SMTP_BODY_MORE,
	SMTP_BODY_DONE,    /* the final dot is in OUT */
	SMTP_BODY_DAMAGED, /* the checksum is wrong; no final dot was added */
	SMTP_BODY_ERROR,   /* the file cannot be read; ERR says why */
};
enum smtp_body_end smtp_body_next(
    struct smtp_body *b, struct buf *out, struct err *err);

/* Convert IN as above; what smtp_body_next does with each piece. */
void smtp_body_convert(struct smtp_body *b, struct slice in, struct buf *out);

/* Does the message (its header only: HEADER) have a byte above 127?  -1 with
 * ERR when the file cannot be read. */
int smtp_body_is_8bit(
    int fd, int64_t offset, int64_t size, bool header, struct err *err);

#endif
