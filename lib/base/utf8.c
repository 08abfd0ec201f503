/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8_put.h"

/* How many bytes a character that starts with B has, and the range its second
 * byte must lie in (RFC 3629 4); the rest are 0x80 to 0xbf. */
static size_t
shape(unsigned char b, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xbf;
	if (b < 0x80)
		return 1;
	if (b < 0xc2)
		return 0;
	if (b < 0xe0)
		return 2;
	if (b < 0xf0) {
		*lo = b == 0xe0 ? 0xa0 : 0x80;
		*hi = b == 0xed ? 0x9f : 0xbf;
		return 3;
	}
	if (b > 0xf4)
		return 0;
	*lo = b == 0xf0 ? 0x90 : 0x80;
	*hi = b == 0xf4 ? 0x8f : 0xbf;
	return 4;
}

size_t
utf8_len(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char lo, hi;
	size_t n;

	if (s.n == 0)
		return 0;
	n = shape(p[0], &lo, &hi);
	if (n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (p[i] < lo || p[i] > hi)
			return 0;
		lo = 0x80;
		hi = 0xbf;
	}
	return n;
}

size_t
utf8_ascii(struct slice s)
{
	size_t n = 0;

	while (s.n - n >= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, s.p + n, sizeof word);
		if ((word & 0x8080808080808080) != 0)
			break;
		n += sizeof word;
	}
	while (n < s.n && (unsigned char)s.p[n] < 0x80)
		n++;
	return n;
}

size_t
utf8_span(struct slice s)
{
	size_t n = 0, len;

	if (s.n == 0)
		return 0;
	do {
		n += utf8_ascii(slice_of(s.p + n, s.n - n));
		len = utf8_len(slice_of(s.p + n, s.n - n));
		n += len;
	} while (len > 0);
	return n;
}

bool
utf8_valid(struct slice s)
{
	return utf8_span(s) == s.n;
}

uint32_t
utf8_code(struct slice s)
{
	const size_t n = utf8_len(s);
	uint32_t c = n > 0 ? (unsigned char)s.p[0] : 0;

	if (n > 1)
		c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	return c;
}

size_t
utf8_format(char *to, uint32_t c)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	to[0] = (char)(first[n] | c);
	return n;
}

void
utf8_put(struct buf *b, uint32_t c)
{
	char text[UTF8_MAX];

	buf_add(b, slice_of(text, utf8_format(text, c)));
}

bool
utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}
