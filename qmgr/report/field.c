/* SPDX-License-Identifier: ISC */
#include "qmgr/report/field.h"

#include <stddef.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "mime/sevenbit.h"

enum {
	FOLD_AT = 76,
	FOLD_ALWAYS = 900, /* also where there is no blank */
};

/* The code point of a well-formed character. */
static unsigned
code_point(struct slice c)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned v = (unsigned char)*c.p & first[c.n];

	for (size_t i = 1; i < c.n; i++)
		v = v << 6 | ((unsigned char)c.p[i] & 0x3f);
	return v;
}

/* QUOTE: also what stands for something in an address of type utf-8. */
static void
add_char(struct buf *out, struct slice c, bool utf8, bool quote)
{
	const unsigned v = code_point(c);

	if (v < 0x20 || (v >= 0x7f && v < 0xa0))
		buf_addc(out, ' ');
	else if ((v >= 0xa0 && !utf8) ||
		 (quote && (v == '\\' || v == '+' || v == '=')))
		buf_addf(out, "\\x{%02X}", v);
	else
		buf_add(out, c);
}

static void
add_text(struct buf *out, struct slice text, bool utf8, bool quote)
{
	while (text.n > 0) {
		const size_t n = utf8_len(text);

		if (n > 0)
			add_char(out, slice_sub(text, 0, n), utf8, quote);
		else
			buf_addf(out, "\\x{%02X}", (unsigned char)*text.p);
		text = slice_from(text, n > 0 ? n : 1);
	}
}

void
field_text(struct buf *out, struct slice text, bool utf8)
{
	add_text(out, text, utf8, false);
}

/* LINE in lines that are short where it has blanks. */
static void
add_folded(struct buf *out, struct slice line)
{
	size_t column = 0, blank = 0;

	for (size_t i = 0; i < line.n; i++) {
		column++;
		if (line.p[i] == ' ' && column > 20)
			blank = i;
		if ((column > FOLD_AT && blank > 0) ||
		    (column > FOLD_ALWAYS && (line.p[i] & 0xc0) != 0x80)) {
			const size_t at = blank > 0 ? blank : i;

			buf_add(out, slice_sub(line, 0, at));
			buf_adds(out, blank > 0 ? "\r\n" : "\r\n ");
			line = slice_from(line, at);
			i = column = blank = 0;
		}
	}
	buf_add(out, line);
	buf_adds(out, "\r\n");
}

/* NAME: TYPE; TEXT, whose maximum of output is far from what anybody sends. */
static void
add_field(struct buf *out, const char *name, const char *type,
    struct slice text, bool utf8, bool quote)
{
	struct buf line;

	buf_init(&line, 8 * text.n + 200);
	buf_addf(&line, "%s: %s%s", name, type, *type != '\0' ? "; " : "");
	add_text(&line, text, utf8, quote);
	add_folded(out, slice_trim(buf_slice(&line)));
	buf_fini(&line);
}

void
field_add(struct buf *out, const char *name, const char *type,
    struct slice text, bool utf8)
{
	add_field(out, name, type, text, utf8, false);
}

void
field_address(
    struct buf *out, const char *name, struct slice address, bool utf8)
{
	const bool international = sevenbit_is_8bit(address);

	add_field(out, name, international ? "utf-8" : "rfc822", address, utf8,
	    international && !utf8);
}

static void
decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		const bool coded = s.p[i] == '+' && i + 2 < s.n &&
				   hex_digit_upper(s.p[i + 1]) != -1 &&
				   hex_digit_upper(s.p[i + 2]) != -1;
		char c = s.p[i];

		if (coded) {
			c = (char)(hex_digit_upper(s.p[i + 1]) << 4 |
				   hex_digit_upper(s.p[i + 2]));
			i += 2;
		}
		buf_addc(out, c);
	}
}

void
field_xtext(struct buf *out, const char *name, struct slice xtext, bool utf8)
{
	struct buf plain;

	buf_init(&plain, xtext.n);
	decode(&plain, xtext);
	add_field(out, name, "", buf_slice(&plain), utf8, false);
	buf_fini(&plain);
}

void
field_orcpt(struct buf *out, const char *name, struct slice orcpt, bool utf8)
{
	if (slice_find(orcpt, ';') < orcpt.n)
		field_xtext(out, name, orcpt, utf8);
}

struct slice
field_status(struct slice dsn, struct slice otherwise)
{
	struct cur c = cur_of(dsn);
	const int class = cur_byte(&c);

	for (int i = 0; i < 2; i++) {
		const struct slice digits = cur_try_byte(&c, '.')
						? cur_while(&c, ascii_isdigit)
						: (struct slice){ NULL, 0 };

		if (digits.n < 1 || digits.n > 3)
			return otherwise;
	}
	return cur_end(&c) && (class == '2' || class == '4' || class == '5')
		   ? dsn
		   : otherwise;
}
