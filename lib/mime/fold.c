/* SPDX-License-Identifier: ISC */
#include "mime/fold.h"

#include <endian.h>
#include <string.h>

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
	MARKS_FROM = 0x300,  /* characters below are none */
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

static int
class_of(uint32_t c)
{
	return utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

static void
flush_marks(struct fold *f, struct buf *out)
{
	for (size_t i = 0; i < f->nmarks; i++)
		put_char(f->marks[i], out);
	f->nmarks = 0;
}

static void
flush(struct fold *f, struct buf *out)
{
	if (f->jamo != 0)
		put_char(f->jamo, out);
	f->jamo = 0;
	if (f->nmarks > 0)
		flush_marks(f, out);
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

/* Marks of one class keep their order, others go by their class: the canonical
 * order (Unicode 3.11). */
static void
put_mark(struct fold *f, uint32_t c, int class, struct buf *out)
{
	size_t at;

	if (f->jamo != 0) {
		put_char(f->jamo, out);
		f->jamo = 0;
	}
	if (f->nmarks == FOLD_MARKS)
		flush_marks(f, out);
	for (at = f->nmarks; at > 0 && class_of(f->marks[at - 1]) > class; at--)
		f->marks[at] = f->marks[at - 1];
	f->marks[at] = c;
	f->nmarks++;
}

static void
put_folded(struct fold *f, uint32_t c, struct buf *out)
{
	const int class = c >= MARKS_FROM ? class_of(c) : 0;

	if (class > 0) {
		f->blank = false;
		put_mark(f, c, class, out);
		return;
	}
	if (f->nmarks > 0)
		flush(f, out);
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

	if (within(c, S_BASE, S_COUNT)) {
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

/* Eight bytes of ASCII of which none is a control character, and no space
 * stands behind another: in lower case at TO.  False: they are not that. */
static bool
fold_word(struct fold *f, const char *from, char *to)
{
	const uint64_t high = 0x8080808080808080, ones = 0x0101010101010101;
	uint64_t w, upper, spaces;

	memcpy(&w, from, sizeof w);
	w = le64toh(w);
	if (((w | ((w - ones * ' ') & ~w)) & high) != 0)
		return false;
	spaces = ~((w ^ ones * ' ') + ones * 0x7f) & high;
	if ((spaces & (spaces << 8 | (f->blank ? 0x80U : 0U))) != 0)
		return false;
	upper = (w + ones * (0x80 - 'A')) & ~(w + ones * (0x7f - 'Z')) & high;
	w = htole64(w + (upper >> 2));
	memcpy(to, &w, sizeof w);
	f->blank = spaces >> 63 != 0;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* IN is ASCII. */
static void
fold_ascii(struct fold *f, struct slice in, struct buf *out)
{
	char *to = buf_room(out, in.n);
	size_t n = 0, i = 0;

	while (to != NULL && i < in.n) {
		if (in.n - i >= 8 && fold_word(f, in.p + i, to + n)) {
			n += 8;
			i += 8;
			continue;
		}
		/* What stopped it is one of the next eight. */
		for (size_t end = i + 8; i < in.n && i < end; i++) {
			const bool blank = is_blank(in.p[i]);

			if (!blank)
				to[n++] = ascii_lower(in.p[i]);
			else if (!f->blank)
				to[n++] = ' ';
			f->blank = blank;
		}
	}
	buf_added(out, n);
}

void
fold_feed(struct fold *f, struct slice in, struct buf *out)
{
	while (in.n > 0 && !out->failed) {
		utf8proc_int32_t c = REPLACEMENT;
		const size_t ascii = utf8_ascii(in);
		size_t n;

		if (ascii > 0) {
			flush(f, out);
			fold_ascii(f, slice_sub(in, 0, ascii), out);
			in = slice_from(in, ascii);
			continue;
		}
		n = utf8_len(in);
		if (n > 0)
			utf8proc_iterate((const utf8proc_uint8_t *)in.p,
			    (utf8proc_ssize_t)n, &c);
		fold_char(f, (uint32_t)c, out);
		in = slice_from(in, n > 0 ? n : 1);
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
