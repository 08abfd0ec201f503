/* SPDX-License-Identifier: ISC */
#include "smtp/session/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/utf8.h"

void
smtp_reply_init(struct smtp_reply *r)
{
	*r = (struct smtp_reply){ 0 };
	buf_init(&r->text, SMTP_REPLY_TEXT_MAX);
	buf_init(&r->line, SMTP_REPLY_LINE_MAX);
}

void
smtp_reply_fini(struct smtp_reply *r)
{
	buf_fini(&r->text);
	buf_fini(&r->line);
}

void
smtp_reply_reset(struct smtp_reply *r)
{
	smtp_reply_fini(r);
	smtp_reply_init(r);
}

/* C0, DEL and C1. */
static bool
is_control(struct slice c)
{
	const unsigned char *p = (const unsigned char *)c.p;

	if (c.n == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	return c.n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* What is past the text's maximum is cut, at a character. */
static void
add_text(struct smtp_reply *r, struct slice text)
{
	while (text.n > 0 && !r->text.failed) {
		const size_t n = utf8_len(text);
		const struct slice c = slice_sub(text, 0, n > 0 ? n : 1);

		if (slice_is(c, "\t"))
			buf_addc(&r->text, ' ');
		else if (n == 0 || is_control(c))
			buf_addc(&r->text, '?');
		else
			buf_add(&r->text, c);
		text = slice_from(text, c.n);
	}
	buf_addc(&r->text, '\n');
	r->text.failed = false;
}

/* Three digits, "-" when more lines follow. */
static bool
read_code(struct cur *c, unsigned *code, bool *more)
{
	*code = 0;
	for (int i = 0; i < 3; i++) {
		const int d = cur_byte(c);

		if (d < '0' || d > '9')
			return false;
		*code = *code * 10 + (unsigned)(d - '0');
	}
	*more = cur_try_byte(c, '-');
	return (*more || cur_left(c) == 0 || cur_try_byte(c, ' ')) &&
	       *code >= 200 && *code <= 599;
}

/* One line without its end. */
static enum smtp_reply_end
take_line(struct smtp_reply *r, struct slice line)
{
	struct cur c = cur_of(line);
	unsigned code;
	bool more;

	if (read_code(&c, &code, &more)) {
		r->code = code;
		r->begun = true;
		line = cur_rest(&c);
	} else if (r->begun) {
		more = true; /* the text goes on, its code forgotten */
	} else {
		return SMTP_REPLY_BAD;
	}
	add_text(r, line);
	return more ? SMTP_REPLY_MORE : SMTP_REPLY_DONE;
}

/* A line or a piece of one; only its beginning is kept. */
static void
keep(struct smtp_reply *r, struct slice piece)
{
	buf_add(&r->line, slice_sub(piece, 0, r->line.max - r->line.n));
}

enum smtp_reply_end
smtp_reply_feed(struct smtp_reply *r, struct slice *in)
{
	while (in->n > 0) {
		const size_t nl = slice_find(*in, '\n');
		const bool ends = nl < in->n;
		enum smtp_reply_end end;
		struct slice line;

		keep(r, slice_sub(*in, 0, nl));
		r->bytes += nl + ends;
		*in = slice_from(*in, nl + ends);
		if (r->bytes > SMTP_REPLY_BYTES_MAX)
			return SMTP_REPLY_BAD;
		if (!ends)
			break;
		line = buf_slice(&r->line);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		end = take_line(r, line);
		buf_reset(&r->line);
		if (end != SMTP_REPLY_MORE)
			return end;
	}
	return SMTP_REPLY_MORE;
}

/* 1 to 3 digits. */
static bool
skip_number(struct cur *c)
{
	const struct slice digits = cur_while(c, ascii_isdigit);

	return digits.n >= 1 && digits.n <= 3;
}

void
smtp_reply_dsn(const struct smtp_reply *r, char dsn[SMTP_DSN_SIZE])
{
	const struct slice text = buf_slice(&r->text);
	const int class = (int)('0' + r->code / 100);
	struct cur c = cur_of(text);

	if (cur_byte(&c) == class && cur_byte(&c) == '.' && skip_number(&c) &&
	    cur_byte(&c) == '.' && skip_number(&c) && cur_ok(&c) &&
	    (cur_peek(&c) == ' ' || cur_peek(&c) == '\n')) {
		const size_t n = (size_t)(c.p - text.p);

		(void)slice_copy(slice_sub(text, 0, n), dsn, SMTP_DSN_SIZE);
		return;
	}
	snprintf(dsn, SMTP_DSN_SIZE, "%c.0.0", class);
}

void
smtp_reply_line(const struct smtp_reply *r, char *out, size_t size)
{
	struct slice text = slice_trim(buf_slice(&r->text));
	size_t n = 0;

	snprintf(out, size, "%u ", r->code);
	for (char *to = out + strlen(out); text.n > 0; to += n) {
		n = utf8_len(text);
		if ((size_t)(to - out) + n >= size)
			break;
		memcpy(to, text.p[0] == '\n' ? " " : text.p, n);
		to[n] = '\0';
		text = slice_from(text, n);
	}
}
