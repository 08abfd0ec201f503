/* SPDX-License-Identifier: ISC */
#include "proto/mutf7.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "base/utf8_put.h"

/* Bits on their way between 16-bit units and digits of six. */
struct bits {
	uint32_t v;
	unsigned n;
};

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static uint32_t
code_point(struct slice s, size_t len)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char)s.p[0] & mask[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	return c;
}

static void
add_unit(struct buf *out, struct bits *b, uint32_t unit)
{
	b->v = b->v << 16 | unit;
	b->n += 16;
	while (b->n >= 6) {
		b->n -= 6;
		buf_addc(out, digits[b->v >> b->n & 0x3f]);
	}
	b->v &= (1U << b->n) - 1;
}

static void
add_code_point(struct buf *out, struct bits *b, uint32_t c)
{
	if (c >= 0x10000) {
		add_unit(out, b, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	add_unit(out, b, c);
}

static void
end_shift(struct buf *out, struct bits *b)
{
	if (b->n > 0)
		buf_addc(out, digits[b->v << (6 - b->n) & 0x3f]);
	buf_addc(out, '-');
	*b = (struct bits){ 0 };
}

bool
mutf7_encode(struct buf *out, struct slice text, const char *also)
{
	struct bits b = { 0 };
	bool shifted = false;

	while (text.n > 0) {
		const size_t len = utf8_len(text);
		const char c = text.p[0];
		const bool plain = ascii_isprint(c) &&
				   (also == NULL || strchr(also, c) == NULL);

		if (len == 0)
			return false;
		if (plain && shifted)
			end_shift(out, &b);
		else if (!plain && !shifted)
			buf_addc(out, '&');
		shifted = !plain;
		if (shifted)
			add_code_point(out, &b, code_point(text, len));
		else
			buf_addc(out, c);
		if (plain && c == '&')
			buf_addc(out, '-');
		text = slice_from(text, len);
	}
	if (shifted)
		end_shift(out, &b);
	return !out->failed;
}

/* One 16-bit unit; *HIGH is the first half of a pair under way, or 0. */
static bool
decode_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	const bool low = unit >= 0xdc00 && unit <= 0xdfff;

	if (low != (*high != 0) || unit < 0x20 || unit == 0x7f)
		return false;
	if (low) {
		utf8_put(
		    out, 0x10000 + (*high - 0xd800) * 0x400 + (unit - 0xdc00));
		*high = 0;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
	} else {
		utf8_put(out, unit);
	}
	return true;
}

/* The digits between '&' and '-'. */
static bool
decode_shifted(struct buf *out, struct slice in)
{
	struct bits b = { 0 };
	uint32_t high = 0;

	for (size_t i = 0; i < in.n; i++) {
		const char *at = strchr(digits, in.p[i]);

		if (at == NULL || in.p[i] == '\0')
			return false;
		b.v = b.v << 6 | (uint32_t)(at - digits);
		b.n += 6;
		if (b.n < 16)
			continue;
		b.n -= 16;
		if (!decode_unit(out, b.v >> b.n & 0xffff, &high))
			return false;
		b.v &= (1U << b.n) - 1;
	}
	return b.n < 6 && b.v == 0 && high == 0;
}

bool
mutf7_decode(struct buf *out, struct slice in)
{
	while (in.n > 0) {
		const char c = in.p[0];
		const size_t end = slice_find(in, '-');

		if (!ascii_isprint(c))
			return false;
		if (c != '&') {
			buf_addc(out, c);
			in = slice_from(in, 1);
			continue;
		}
		if (end == in.n)
			return false;
		if (end == 1)
			buf_addc(out, '&');
		else if (!decode_shifted(out, slice_sub(in, 1, end - 1)))
			return false;
		in = slice_from(in, end + 1);
	}
	return !out->failed;
}
