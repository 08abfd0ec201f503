/* SPDX-License-Identifier: ISC */
#include "smtp/reply.h"

#include <stdio.h>

#include "base/cur.h"

void
smtp_reply_init(struct smtp_reply *r)
{
	*r = (struct smtp_reply){ 0 };
	buf_init(&r->text, SMTP_REPLY_TEXT_MAX);
}

void
smtp_reply_fini(struct smtp_reply *r)
{
	buf_fini(&r->text);
}

void
smtp_reply_reset(struct smtp_reply *r)
{
	buf_fini(&r->text);
	r->code = 0;
	r->lines = 0;
}

static void
add_text(struct smtp_reply *r, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];

		if (c == '\t')
			buf_addc(&r->text, ' ');
		else
			buf_addc(
			    &r->text, c < 0x20 || c == 0x7f ? '?' : text.p[i]);
	}
	buf_addc(&r->text, '\n');
}

/* One line without its end: three digits, "-" when more follow, text. */
static enum smtp_reply_end
take_line(struct smtp_reply *r, struct slice line)
{
	struct cur c = cur_of(line);
	unsigned code = 0;
	bool more;

	for (int i = 0; i < 3; i++) {
		const int d = cur_byte(&c);

		if (d < '0' || d > '9')
			return SMTP_REPLY_BAD;
		code = code * 10 + (unsigned)(d - '0');
	}
	more = cur_try_byte(&c, '-');
	if (!more && cur_left(&c) > 0 && !cur_try_byte(&c, ' '))
		return SMTP_REPLY_BAD;
	if (code < 200 || code > 599 || ++r->lines > SMTP_REPLY_LINES_MAX)
		return SMTP_REPLY_BAD;
	r->code = code;
	add_text(r, cur_rest(&c));
	if (r->text.failed)
		return SMTP_REPLY_BAD;
	return more ? SMTP_REPLY_MORE : SMTP_REPLY_DONE;
}

enum smtp_reply_end
smtp_reply_feed(struct smtp_reply *r, struct slice *in)
{
	for (;;) {
		const size_t nl = slice_find(*in, '\n');
		struct slice line = slice_sub(*in, 0, nl);
		enum smtp_reply_end end;

		if (line.n > SMTP_REPLY_LINE_MAX)
			return SMTP_REPLY_BAD;
		if (nl == in->n)
			return SMTP_REPLY_MORE;
		*in = slice_from(*in, nl + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		end = take_line(r, line);
		if (end != SMTP_REPLY_MORE)
			return end;
	}
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
	const struct slice text = slice_trim(buf_slice(&r->text));
	const int n = snprintf(out, size, "%u %.*s", r->code, SLICE_FMT(text));

	for (int i = 0; i < n && (size_t)i < size; i++)
		if (out[i] == '\n')
			out[i] = ' ';
}
