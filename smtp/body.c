/* SPDX-License-Identifier: ISC */
#include "smtp/body.h"

#include <string.h>

#include "base/crc32c.h"
#include "sys/fd.h"

void
smtp_body_init(
    struct smtp_body *b, int fd, int64_t offset, int64_t size, uint32_t crc)
{
	*b = (struct smtp_body){
		.fd = fd,
		.at = offset,
		.end = offset + size,
		.want_crc32c = crc,
		.line_start = true,
	};
}

static void
end_line(struct smtp_body *b, struct buf *out)
{
	buf_add(out, SLICE("\r\n"));
	b->line_start = true;
	b->after_cr = false;
}

/* Bytes up to the next CR or LF. */
static size_t
run_length(struct slice in)
{
	const char *lf = memchr(in.p, '\n', in.n);
	const size_t n = lf != NULL ? (size_t)(lf - in.p) : in.n;
	const char *cr = memchr(in.p, '\r', n);

	return cr != NULL ? (size_t)(cr - in.p) : n;
}

void
smtp_body_convert(struct smtp_body *b, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		size_t n;

		if (*in.p == '\n') {
			end_line(b, out);
			in = slice_from(in, 1);
			continue;
		}
		/* The CR before stood alone. */
		if (b->after_cr)
			end_line(b, out);
		if (*in.p == '\r') {
			b->after_cr = true;
			in = slice_from(in, 1);
			continue;
		}
		if (b->line_start && *in.p == '.')
			buf_addc(out, '.');
		b->line_start = false;
		n = run_length(in);
		buf_add(out, slice_sub(in, 0, n));
		in = slice_from(in, n);
	}
}

enum smtp_body_end
smtp_body_next(struct smtp_body *b, struct buf *out, struct err *err)
{
	char piece[SMTP_BODY_PIECE];
	const int64_t left = b->end - b->at;
	const size_t n =
	    left < SMTP_BODY_PIECE ? (size_t)left : SMTP_BODY_PIECE;

	if (n > 0) {
		if (fd_pread_all(b->fd, piece, n, b->at, err) == -1)
			return SMTP_BODY_ERROR;
		b->at += (int64_t)n;
		b->crc32c = crc32c(b->crc32c, slice_of(piece, n));
		smtp_body_convert(b, slice_of(piece, n), out);
	}
	if (b->at < b->end)
		return SMTP_BODY_MORE;
	if (b->crc32c != b->want_crc32c)
		return SMTP_BODY_DAMAGED;
	if (b->after_cr || !b->line_start)
		end_line(b, out);
	buf_add(out, SLICE(".\r\n"));
	return SMTP_BODY_DONE;
}

/* Where the header ends in P, or N: an empty line, LF or CRLF. */
static size_t
header_end(const char *p, size_t n, bool *line_start)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			if (*line_start)
				return i;
			*line_start = true;
		} else if (p[i] != '\r') {
			*line_start = false;
		}
	}
	return n;
}

int
smtp_body_is_8bit(
    int fd, int64_t offset, int64_t size, bool header, struct err *err)
{
	char piece[SMTP_BODY_PIECE];
	bool line_start = true;

	for (int64_t at = 0; at < size; at += SMTP_BODY_PIECE) {
		const size_t n = size - at < SMTP_BODY_PIECE
				     ? (size_t)(size - at)
				     : SMTP_BODY_PIECE;
		size_t look = n;

		if (fd_pread_all(fd, piece, n, offset + at, err) == -1)
			return -1;
		if (header)
			look = header_end(piece, n, &line_start);
		for (size_t i = 0; i < look; i++)
			if (((unsigned char)piece[i] & 0x80) != 0)
				return 1;
		if (look < n)
			return 0;
	}
	return 0;
}
