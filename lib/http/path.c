/* SPDX-License-Identifier: ISC */
#include "http/path.h"

#include "base/hex.h"
#include "base/utf8.h"

/* The byte that "%41" at I stands for; -1: it is not one. */
static int
encoded(struct slice s, size_t i)
{
	const int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
	const int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;

	return low >= 0 ? high << 4 | low : -1;
}

static bool
decode(struct slice path, struct buf *out)
{
	for (size_t i = 0; i < path.n; i++) {
		int c = (unsigned char)path.p[i];

		if (c == '%') {
			c = encoded(path, i);
			i += 2;
			if (c == '/')
				return false;
		}
		if (c < ' ' || c == 0x7f || c == '\\')
			return false;
		buf_addc(out, (char)c);
	}
	return !out->failed;
}

static bool
is_segment(struct slice s)
{
	return s.n > 0 && (s.p[0] != '.' || slice_is(s, ".well-known"));
}

bool
http_path_decode(struct slice path, struct buf *out)
{
	struct slice rest;

	if (path.n == 0 || path.p[0] != '/' || !decode(path, out) ||
	    !utf8_valid(buf_slice(out)))
		return false;
	rest = slice_from(buf_slice(out), 1);
	while (rest.n > 0)
		if (!is_segment(slice_cut(rest, '/', &rest)))
			return false;
	return true;
}
