/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include <stdint.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* clang-format off */
const unsigned char base64_values[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63,
	['/'] = 64,
};
/* clang-format on */

void
base64_encode(struct buf *out, struct slice in)
{
	for (size_t i = 0; i < in.n; i += 3) {
		const size_t left = in.n - i;
		const uint32_t a = (unsigned char)in.p[i];
		const uint32_t b = left > 1 ? (unsigned char)in.p[i + 1] : 0;
		const uint32_t c = left > 2 ? (unsigned char)in.p[i + 2] : 0;
		const uint32_t v = a << 16 | b << 8 | c;
		char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
			left > 1 ? digits[v >> 6 & 63] : '=',
			left > 2 ? digits[v & 63] : '=' };

		buf_add(out, slice_of(four, 4));
	}
}

/* Four digits to LEN bytes; false when a digit is none or spare bits stand. */
static bool
decode_four(struct buf *out, const char *p, size_t len)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		const int d = i <= len ? base64_digit(p[i]) : 0;

		if (d == -1)
			return false;
		v = v << 6 | (uint32_t)d;
	}
	if ((v & (0xffffffU >> (8 * len))) != 0)
		return false;
	const char bytes[3] = { (char)(v >> 16), (char)(v >> 8), (char)v };
	buf_add(out, slice_of(bytes, len));
	return !out->failed;
}

bool
base64_decode(struct buf *out, struct slice in)
{
	if (in.n % 4 != 0)
		return false;
	for (size_t i = 0; i < in.n; i += 4) {
		size_t len = 3;

		if (i + 4 == in.n && in.p[i + 3] == '=')
			len = in.p[i + 2] == '=' ? 1 : 2;
		if (!decode_four(out, in.p + i, len))
			return false;
	}
	return true;
}
