/* SPDX-License-Identifier: ISC */
#include "mime/encode.h"

#include <stdbool.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/utf8.h"

enum {
	LINE_MAX_BYTES = 76,
	WORD_MAX_BYTES = 30, /* in base 64 with its charset: below 75 */
};

void
encode_init(struct encode *e, enum transfer_encoding encoding)
{
	*e = (struct encode){ .encoding = encoding };
}

/* ---- base 64 ---- */

static void
put_group(struct encode *e, struct slice bytes, struct buf *out)
{
	if (e->column + 4 > LINE_MAX_BYTES) {
		buf_adds(out, "\r\n");
		e->column = 0;
	}
	base64_encode(out, bytes);
	e->column += 4;
}

static void
feed_base64(struct encode *e, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		if (e->nheld == 0 && in.n >= 3) {
			put_group(e, slice_sub(in, 0, 3), out);
			in = slice_from(in, 3);
			continue;
		}
		e->held[e->nheld++] = *in.p;
		in = slice_from(in, 1);
		if (e->nheld == 3) {
			put_group(e, slice_of(e->held, 3), out);
			e->nheld = 0;
		}
	}
}

/* ---- quoted-printable ---- */

/* Room for N bytes and the "=" of a soft line break. */
static void
make_room(struct encode *e, size_t n, struct buf *out)
{
	if (e->column + n < LINE_MAX_BYTES)
		return;
	buf_adds(out, "=\r\n");
	e->column = 0;
}

static void
put_quoted(struct encode *e, char c, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char b = (unsigned char)c;
	const char three[3] = { '=', digits[b >> 4], digits[b & 15] };

	make_room(e, 3, out);
	buf_add(out, slice_of(three, 3));
	e->column += 3;
}

static void
put_char(struct encode *e, char c, struct buf *out)
{
	make_room(e, 1, out);
	if (c == '=' || (c != ' ' && c != '\t' && !ascii_isprint(c)) ||
	    (e->column == 0 && (c == '-' || c == 'F'))) {
		put_quoted(e, c, out);
		return;
	}
	buf_addc(out, c);
	e->column++;
}

/* Held are a blank, a CR, or a blank and a CR: a line may end here. */
static void
release(struct encode *e, bool line_ends, struct buf *out)
{
	for (size_t i = 0; i < e->nheld; i++) {
		if (e->held[i] == '\r' && line_ends)
			continue;
		if (e->held[i] == '\r' || line_ends)
			put_quoted(e, e->held[i], out);
		else
			put_char(e, e->held[i], out);
	}
	e->nheld = 0;
}

static void
qp_byte(struct encode *e, char c, struct buf *out)
{
	const bool cr = e->nheld > 0 && e->held[e->nheld - 1] == '\r';

	if (c == '\n' && cr) {
		release(e, true, out);
		buf_adds(out, "\r\n");
		e->column = 0;
		return;
	}
	if (cr || (e->nheld > 0 && c != '\r'))
		release(e, false, out);
	if (c == ' ' || c == '\t' || c == '\r')
		e->held[e->nheld++] = c;
	else
		put_char(e, c, out);
}

void
encode_feed(struct encode *e, struct slice piece, struct buf *out)
{
	if (e->encoding == TRANSFER_BASE64)
		feed_base64(e, piece, out);
	else
		for (size_t i = 0; i < piece.n; i++)
			qp_byte(e, piece.p[i], out);
}

void
encode_finish(struct encode *e, struct buf *out)
{
	if (e->encoding == TRANSFER_BASE64) {
		if (e->nheld > 0)
			put_group(e, slice_of(e->held, e->nheld), out);
		e->nheld = 0;
		return;
	}
	for (size_t i = 0; i < e->nheld; i++)
		put_quoted(e, e->held[i], out);
	e->nheld = 0;
}

/* ---- encoded words ---- */

/* The beginning of TEXT that fits into one word, whole characters. */
static struct slice
one_word(struct slice text, bool utf8)
{
	size_t n = 0;

	if (!utf8)
		return slice_sub(text, 0, WORD_MAX_BYTES);
	while (n < text.n) {
		const size_t more = utf8_len(slice_from(text, n));

		if (n + more > WORD_MAX_BYTES)
			break;
		n += more;
	}
	return slice_sub(text, 0, n);
}

void
encode_words(struct buf *out, struct slice text)
{
	const bool utf8 = utf8_valid(text);

	while (text.n > 0) {
		const struct slice word = one_word(text, utf8);

		buf_adds(out, utf8 ? "=?utf-8?B?" : "=?unknown-8bit?B?");
		base64_encode(out, word);
		buf_adds(out, "?=");
		text = slice_from(text, word.n);
		if (text.n > 0)
			buf_adds(out, "\r\n ");
	}
}
