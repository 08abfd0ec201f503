/* SPDX-License-Identifier: ISC */
#include "mime/casemap.h"

#include <utf8proc.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"

enum {
	HANGUL_FIRST = 0xac00,
	HANGUL_LAST = 0xd7a3,
	REPLACEMENT = 0xfffd,
	DECOMPOSED_MAX = 32, /* the longest of Unicode is 18 */
};

static void
put_char(utf8proc_int32_t c, struct buf *out)
{
	char *to = buf_room(out, 4);

	if (to != NULL)
		buf_added(out,
		    (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)to));
}

static void
map_char(utf8proc_int32_t c, struct buf *out)
{
	utf8proc_int32_t chars[DECOMPOSED_MAX];
	int boundary = 0;
	utf8proc_ssize_t n;

	if (c >= HANGUL_FIRST && c <= HANGUL_LAST) {
		put_char(c, out);
		return;
	}
	c = utf8proc_totitle(c);
	n = utf8proc_decompose_char(c, chars, DECOMPOSED_MAX,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
	if (n < 0 || n > DECOMPOSED_MAX) {
		put_char(c, out);
		return;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		put_char(chars[i], out);
}

/* How many bytes IN begins with that are ASCII; they are added to OUT. */
static size_t
map_ascii(struct slice in, struct buf *out)
{
	size_t n = 0;
	char *to;

	while (n < in.n && (in.p[n] & 0x80) == 0)
		n++;
	to = buf_room(out, n);
	if (to == NULL)
		return n;
	for (size_t i = 0; i < n; i++)
		to[i] = ascii_upper(in.p[i]);
	buf_added(out, n);
	return n;
}

void
casemap_text(struct slice in, struct buf *out)
{
	while (in.n > 0 && !out->failed) {
		utf8proc_int32_t c = REPLACEMENT;
		size_t n = map_ascii(in, out);

		if (n > 0) {
			in = slice_from(in, n);
			continue;
		}
		n = utf8_len(in);
		if (n == 0) {
			put_char(c, out);
			n = 1;
		} else {
			utf8proc_iterate((const utf8proc_uint8_t *)in.p,
			    (utf8proc_ssize_t)n, &c);
			map_char(c, out);
		}
		in = slice_from(in, n);
	}
}
