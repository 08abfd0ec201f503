/* SPDX-License-Identifier: ISC */
#include "mailread/body.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/fd.h"

enum { PIECE = 16 << 10 };

struct body_place {
	uint32_t uid;
	struct body at;
};

void
body_init(struct body *b, int fd, const struct mime_span *span, uint64_t off,
    uint64_t len)
{
	*b = (struct body){ .fd = fd, .span = *span, .skip = off };
	if (off >= span->crlf_bytes)
		return;
	b->left = span->crlf_bytes - off;
	if (len < b->left)
		b->left = len;
	if (span->bytes == span->crlf_bytes) { /* as it is on the wire */
		b->pos = b->wire = off;
		b->skip = 0;
	}
}

/* Count S, add what of it is wanted; how much of it counts. */
static size_t
emit(struct body *b, struct slice s, struct buf *out)
{
	const size_t skip = b->skip < s.n ? (size_t)b->skip : s.n;
	const struct slice rest = slice_from(s, skip);
	const size_t n = b->left < rest.n ? (size_t)b->left : rest.n;

	b->skip -= skip;
	b->left -= n;
	b->wire += skip + n;
	if (b->keep_nul)
		buf_add(out, slice_sub(rest, 0, n));
	for (size_t i = 0; i < n && !b->keep_nul;) {
		const size_t run = slice_find(slice_sub(rest, i, n - i), '\0');

		buf_add(out, slice_sub(rest, i, run));
		i += run;
		if (i++ < n)
			buf_addc(out, '\x80');
	}
	return skip + n;
}

/* The LF at b->pos; false when what is wanted ends before or within it. */
static bool
convert_line_end(struct body *b, struct buf *out)
{
	if (!b->cr && !b->half) {
		if (emit(b, SLICE("\r"), out) == 0)
			return false;
		b->half = true;
	}
	if (emit(b, SLICE("\n"), out) == 0)
		return false;
	b->half = false;
	b->cr = false;
	b->pos++;
	return true;
}

void
body_convert(struct body *b, struct slice raw, struct buf *out)
{
	const bool plain = b->span.bytes == b->span.crlf_bytes;

	while (raw.n > 0 && b->left > 0) {
		const size_t at = plain ? raw.n : slice_find(raw, '\n');
		const struct slice line = slice_sub(raw, 0, at);
		const size_t n = emit(b, line, out);

		b->pos += n;
		if (n > 0)
			b->cr = line.p[n - 1] == '\r';
		if (n < line.n)
			return;
		if (at < raw.n && !convert_line_end(b, out))
			return;
		raw = slice_from(raw, at + 1);
	}
}

int
body_write(struct body *b, struct buf *out, struct err *err)
{
	const uint64_t rest = b->span.bytes - b->pos;
	char piece[PIECE];
	ssize_t n;

	if (b->left == 0)
		return 0;
	n = pread(b->fd, piece, rest < PIECE ? (size_t)rest : PIECE,
	    (off_t)(b->span.off + b->pos));
	if (n == -1)
		return err_sys(err, ERR_TEMP, "read message");
	if (n == 0)
		return err_set(err, ERR_TEMP, "message is shorter than it was");
	body_convert(b, slice_of(piece, (size_t)n), out);
	return 0;
}

void
body_place_save(struct body_place **place, uint32_t uid, const struct body *b)
{
	if (b->span.bytes == b->span.crlf_bytes || b->skip > 0)
		return;
	if (*place == NULL)
		*place = xcalloc(1, sizeof **place);
	(*place)->uid = uid;
	(*place)->at = *b;
}

void
body_place_use(const struct body_place *place, uint32_t uid, struct body *b)
{
	const struct body *at;

	if (place == NULL || place->uid != uid)
		return;
	at = &place->at;
	if (at->span.off != b->span.off || at->span.bytes != b->span.bytes ||
	    at->wire > b->skip)
		return;
	b->skip -= at->wire;
	b->pos = at->pos;
	b->wire = at->wire;
	b->cr = at->cr;
	b->half = at->half;
}

void
body_place_free(struct body_place **place)
{
	xfree(place);
}
