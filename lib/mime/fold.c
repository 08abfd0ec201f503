/* SPDX-License-Identifier: ISC */
#include "mime/fold.h"

#include <utf8proc.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Hangul by arithmetic: Unicode 3.12 */
enum {
	S_BASE = 0xac00,
	L_BASE = 0x1100,
	V_BASE = 0x1161,
	T_BASE = 0x11a7,
	L_COUNT = 19,
	V_COUNT = 21,
	T_COUNT = 28,
	S_COUNT = L_COUNT * V_COUNT * T_COUNT,
	REPLACEMENT = 0xfffd,
	DECOMPOSED_MAX = 32, /* the longest of Unicode is 18 */
};

static bool
within(uint32_t c, uint32_t base, uint32_t count)
{
	return c >= base && c < base + count;
}

static void
put_char(uint32_t c, struct buf *out)
{
	char *to = buf_room(out, 4);

	if (to != NULL)
		buf_added(out, (size_t)utf8proc_encode_char((utf8proc_int32_t)c,
				   (utf8proc_uint8_t *)to));
}

static void
flush(struct fold *f, struct buf *out)
{
	if (f->jamo != 0)
		put_char(f->jamo, out);
	f->jamo = 0;
}

/* L+V and LV+T grow; a syllable without a final waits for one. */
static void
put_hangul(struct fold *f, uint32_t c, struct buf *out)
{
	const bool is_lv = within(f->jamo, S_BASE, S_COUNT) &&
			   (f->jamo - S_BASE) % T_COUNT == 0;

	if (within(f->jamo, L_BASE, L_COUNT) && within(c, V_BASE, V_COUNT)) {
		f->jamo =
		    S_BASE +
		    ((f->jamo - L_BASE) * V_COUNT + (c - V_BASE)) * T_COUNT;
		return;
	}
	if (is_lv && within(c, T_BASE + 1, T_COUNT - 1)) {
		f->jamo += c - T_BASE;
		return;
	}
	flush(f, out);
	f->jamo = c;
}

static void
put_folded(struct fold *f, uint32_t c, struct buf *out)
{
	if (within(c, S_BASE, S_COUNT) || within(c, L_BASE, 0x100)) {
		f->blank = false;
		put_hangul(f, c, out);
		return;
	}
	flush(f, out);
	if (c == ' ' || (c >= '\t' && c <= '\r')) {
		if (!f->blank)
			buf_addc(out, ' ');
		f->blank = true;
		return;
	}
	f->blank = false;
	if (c < 0x80)
		buf_addc(out, ascii_lower((char)c));
	else
		put_char(c, out);
}

static void
fold_char(struct fold *f, uint32_t c, struct buf *out)
{
	utf8proc_int32_t chars[DECOMPOSED_MAX];
	int boundary = 0;
	utf8proc_ssize_t n;

	if (c < 0x80 || within(c, S_BASE, S_COUNT)) {
		put_folded(f, c, out);
		return;
	}
	n = utf8proc_decompose_char((utf8proc_int32_t)c, chars, DECOMPOSED_MAX,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
		UTF8PROC_IGNORE,
	    &boundary);
	if (n < 0 || n > DECOMPOSED_MAX) {
		put_folded(f, c, out);
		return;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		put_folded(f, (uint32_t)chars[i], out);
}

void
fold_feed(struct fold *f, struct slice in, struct buf *out)
{
	while (in.n > 0 && !out->failed) {
		utf8proc_int32_t c = (unsigned char)in.p[0];
		size_t n = utf8_len(in);

		if (n == 0) {
			c = REPLACEMENT;
			n = 1;
		} else if (n > 1) {
			utf8proc_iterate((const utf8proc_uint8_t *)in.p,
			    (utf8proc_ssize_t)n, &c);
		}
		fold_char(f, (uint32_t)c, out);
		in = slice_from(in, n);
	}
}

void
fold_finish(struct fold *f, struct buf *out)
{
	flush(f, out);
	*f = (struct fold){ 0 };
}

void
fold_text(struct slice in, struct buf *out)
{
	struct fold f = { 0 };

	fold_feed(&f, in, out);
	fold_finish(&f, out);
}
