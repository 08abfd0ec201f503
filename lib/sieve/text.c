/* SPDX-License-Identifier: ISC */
#include "sieve/text.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/utf8_put.h"

/* What is longer is text. */
enum { REFERENCE_MAX = 512 };

static bool
is_name_byte(char c)
{
	return ascii_isalnum(c) || c == '_';
}

bool
sieve_text_is_name(struct slice s)
{
	struct cur c = cur_of(s);

	return s.n > 0 && !ascii_isdigit(s.p[0]) &&
	       (cur_while(&c, is_name_byte), cur_end(&c));
}

/* identifier *("." (identifier / number)) or a number */
static bool
parse_reference(struct slice s, struct sieve_piece *p)
{
	struct slice rest = s;
	struct cur c = cur_of(s);

	p->number = (uint32_t)cur_u64(&c, UINT32_MAX);
	if (cur_end(&c)) {
		p->kind = SIEVE_PIECE_MATCH;
		return true;
	}
	if (s.n == 0 || !sieve_text_is_name(slice_cut(rest, '.', &rest)))
		return false;
	while (rest.p != NULL && rest.n > 0) {
		const struct slice one = slice_cut(rest, '.', &rest);

		c = cur_of(one);
		cur_while(&c, is_name_byte);
		if (one.n == 0 || !cur_end(&c))
			return false;
	}
	p->kind = SIEVE_PIECE_VARIABLE;
	p->text = s;
	return s.p[s.n - 1] != '.';
}

/* Is there a reference at the start of S?  *LEN: its bytes. */
static bool
reference_at(struct slice s, struct sieve_piece *p, size_t *len)
{
	const struct slice near = slice_sub(s, 0, REFERENCE_MAX);
	const size_t end = slice_find(near, '}');

	if (!slice_starts(s, SLICE("${")) || end == near.n ||
	    !parse_reference(slice_sub(s, 2, end - 2), p))
		return false;
	*len = end + 1;
	return true;
}

bool
sieve_text_piece(struct slice *s, struct sieve_piece *p)
{
	size_t n = 0;
	size_t len;

	if (s->n == 0)
		return false;
	if (reference_at(*s, p, &len)) {
		*s = slice_from(*s, len);
		return true;
	}
	do
		n += 1 + slice_find(slice_from(*s, n + 1), '$');
	while (n < s->n && !reference_at(slice_from(*s, n), p, &len));
	if (n > s->n)
		n = s->n;
	*p = (struct sieve_piece){ SIEVE_PIECE_TEXT, slice_sub(*s, 0, n), 0 };
	*s = slice_from(*s, n);
	return true;
}

bool
sieve_text_has_variables(struct slice s)
{
	struct sieve_piece p;

	while (sieve_text_piece(&s, &p))
		if (p.kind != SIEVE_PIECE_TEXT)
			return true;
	return false;
}

/* ---- characters by number ---- */

static bool
is_hex(char c)
{
	return hex_digit(c) != -1;
}

static uint32_t
hex_value(struct slice s)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (v > 0xfffffff)
			return UINT32_MAX;
		v = v * 16 + (uint32_t)hex_digit(s.p[i]);
	}
	return v;
}

static bool
is_blank(char c)
{
	return ascii_isspace(c);
}

/* The numbers between a colon and }, at most MAX digits each, to OUT; false:
 * something else stands there.  *VALID: they are characters. */
static bool
decode_numbers(struct cur *c, bool unicode, struct buf *out, bool *valid)
{
	bool any = false;

	for (;;) {
		struct slice digits;
		uint32_t v;

		cur_while(c, is_blank);
		if (cur_try_byte(c, '}'))
			return any;
		digits = cur_while(c, is_hex);
		if (digits.n == 0 || (!unicode && digits.n > 2))
			return false;
		v = hex_value(digits);
		any = true;
		if (!unicode) {
			buf_addc(out, (char)v);
		} else if (v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff)) {
			*valid = false;
		} else {
			utf8_put(out, v);
		}
		if (cur_peek(c) != '}' && !is_blank((char)cur_peek(c)))
			return false;
	}
}

/* One ${hex: or ${unicode: at C; false, and C untouched: none. */
static bool
decode_one(struct cur *c, struct buf *out, bool *valid)
{
	struct cur at = *c;
	const size_t n = out->n;
	bool good = true;
	bool unicode = false;

	if (!cur_try(&at, "${hex:")) {
		if (!cur_try(&at, "${unicode:"))
			return false;
		unicode = true;
	}
	if (!decode_numbers(&at, unicode, out, &good)) {
		buf_truncate(out, n);
		return false;
	}
	*valid = *valid && good;
	*c = at;
	return true;
}

bool
sieve_text_decode(struct arena *a, struct slice *s)
{
	struct cur c = cur_of(*s);
	struct buf out;
	bool valid = true;

	if (slice_search(*s, SLICE("${")) == s->n)
		return true;
	buf_init(&out, s->n + 1);
	while (cur_left(&c) > 0)
		if (cur_peek(&c) != '$' || !decode_one(&c, &out, &valid))
			buf_addc(&out, (char)cur_byte(&c));
	*s = arena_slice(a, buf_slice(&out));
	buf_fini(&out);
	return valid;
}
