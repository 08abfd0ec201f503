/* SPDX-License-Identifier: ISC */
#include "mime/saslprep.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { IN_MAX = 1024 };

static bool
is_plain(struct slice in)
{
	for (size_t i = 0; i < in.n; i++)
		if (!ascii_isprint(in.p[i]))
			return false;
	return true;
}

/* RFC 3454 B.1: commonly mapped to nothing. */
static bool
is_dropped(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x1806 ||
	       (c >= 0x180b && c <= 0x180d) || (c >= 0x200b && c <= 0x200d) ||
	       c == 0x2060 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

/* RFC 3454 C.1.2 to C.9, among them whatever formats (directions, invisible
 * operators, tags, annotations); what is not assigned is A.1. */
static bool
is_prohibited(uint32_t c)
{
	static const utf8proc_category_t categories[] = {
		UTF8PROC_CATEGORY_CC,
		UTF8PROC_CATEGORY_CF,
		UTF8PROC_CATEGORY_CN,
		UTF8PROC_CATEGORY_CO,
		UTF8PROC_CATEGORY_CS,
		UTF8PROC_CATEGORY_ZL,
		UTF8PROC_CATEGORY_ZP,
	};
	const utf8proc_category_t its = utf8proc_category((utf8proc_int32_t)c);

	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		if (its == categories[i])
			return true;
	return (its == UTF8PROC_CATEGORY_ZS && c != ' ') || c == 0x340 ||
	       c == 0x341 || c == 0xfffc || c == 0xfffd ||
	       (c >= 0x2ff0 && c <= 0x2ffb);
}

/* Map: spaces to SPACE, B.1 to nothing. */
static bool
map(struct slice in, struct buf *out)
{
	while (in.n > 0) {
		const size_t n = utf8_len(in);
		const uint32_t c = n > 0 ? utf8_code(in) : 0;

		if (n == 0)
			return false;
		if (c > 0x7f && utf8proc_category((utf8proc_int32_t)c) ==
				    UTF8PROC_CATEGORY_ZS)
			buf_addc(out, ' ');
		else if (!is_dropped(c))
			buf_add(out, slice_sub(in, 0, n));
		in = slice_from(in, n);
	}
	return !out->failed;
}

/* NFKC. */
static bool
normalize(struct slice in, struct buf *out)
{
	const utf8proc_option_t how =
	    (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE |
				UTF8PROC_COMPAT);
	utf8proc_int32_t chars[IN_MAX + 1]; /* it adds a NUL to the text */
	utf8proc_ssize_t n;

	n = utf8proc_decompose((const utf8proc_uint8_t *)in.p,
	    (utf8proc_ssize_t)in.n, chars, IN_MAX, how);
	if (n > 0 && n <= IN_MAX)
		n = utf8proc_reencode(chars, n, how);
	else
		n = -1;
	if (n > 0)
		buf_add(out, slice_of(chars, (size_t)n));
	explicit_bzero(chars, sizeof chars);
	return n > 0 && !out->failed;
}

/* RFC 3454 6: with a character from right to left there is none from left to
 * right, and such are the first and the last. */
static bool
is_one_way(bool rtl, bool ltr, bool first, bool last)
{
	return !rtl || (!ltr && first && last);
}

static bool
is_allowed(struct slice text)
{
	bool rtl = false, ltr = false, first = false, last = false;

	for (struct slice rest = text; rest.n > 0;) {
		const size_t n = utf8_len(rest);
		const uint32_t c = utf8_code(rest);
		const utf8proc_bidi_class_t way =
		    (utf8proc_bidi_class_t)utf8proc_get_property(
			(utf8proc_int32_t)c)
			->bidi_class;

		if (is_prohibited(c))
			return false;
		last = way == UTF8PROC_BIDI_CLASS_R ||
		       way == UTF8PROC_BIDI_CLASS_AL;
		if (rest.p == text.p)
			first = last;
		rtl = rtl || last;
		ltr = ltr || way == UTF8PROC_BIDI_CLASS_L;
		rest = slice_from(rest, n);
	}
	return is_one_way(rtl, ltr, first, last);
}

bool
saslprep(struct slice in, struct buf *out)
{
	const size_t from = out->n;
	struct buf mapped;
	bool ok;

	if (in.n == 0 || in.n > IN_MAX)
		return false;
	if (is_plain(in)) {
		buf_add(out, in);
		return !out->failed;
	}
	buf_init(&mapped, IN_MAX);
	(void)buf_room(&mapped, IN_MAX); /* it must not move: it is wiped */
	ok = map(in, &mapped) && normalize(buf_slice(&mapped), out) &&
	     is_allowed(slice_from(buf_slice(out), from));
	explicit_bzero(mapped.p, mapped.cap);
	buf_fini(&mapped);
	return ok;
}
