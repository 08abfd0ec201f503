/* SPDX-License-Identifier: ISC */
#include "mime/jis.h"

#include "base/buf.h"
#include "base/mem.h"

enum { ESC = 0x1b, SO = 0x0e, SI = 0x0f, SS2 = 0x8e, SS3 = 0x8f };

/* clang-format off */
static const struct {
	const char *text;
	enum jis_set set;
} escapes[] = {
	{ "\x1b(B",  JIS_ASCII }, /* ASCII */
	{ "\x1b(J",  JIS_ASCII }, /* JIS X 0201 Latin: all but "\" and "~" */
	{ "\x1b(H",  JIS_ASCII }, /* the same, by mistake */
	{ "\x1b(I",  JIS_KANA },
	{ "\x1b$@",  JIS_X0208 },
	{ "\x1b$B",  JIS_X0208 },
	{ "\x1b$(@", JIS_X0208 },
	{ "\x1b$(B", JIS_X0208 },
	{ "\x1b$(D", JIS_X0212 },
};
/* clang-format on */

static bool
is_graphic(char c)
{
	return c > ' ' && c < 0x7f;
}

/* The first byte of a character whose second one is not to come. */
static void
drop_kept(struct jis *j, struct buf *out)
{
	if (j->nkept > 0)
		buf_addc(out, JIS_BAD);
	j->nkept = 0;
}

static void
put_kana(char c, struct buf *out)
{
	c = (char)(c | 0x80);
	if ((unsigned char)c < 0xa1 || (unsigned char)c > 0xdf) {
		buf_addc(out, JIS_BAD);
		return;
	}
	buf_addc(out, (char)SS2);
	buf_addc(out, c);
}

static void
put_double(struct jis *j, char c, struct buf *out)
{
	if (j->nkept == 0) {
		j->kept[j->nkept++] = c;
		return;
	}
	if (j->set == JIS_X0212)
		buf_addc(out, (char)SS3);
	buf_addc(out, (char)(j->kept[0] | 0x80));
	buf_addc(out, (char)(c | 0x80));
	j->nkept = 0;
}

static void
put_graphic(struct jis *j, char c, struct buf *out)
{
	if (j->set == JIS_KANA || j->shifted)
		put_kana(c, out);
	else if (j->set == JIS_ASCII)
		buf_addc(out, c);
	else
		put_double(j, c, out);
}

static void
put_byte(struct jis *j, char c, struct buf *out)
{
	if (is_graphic(c)) {
		put_graphic(j, c, out);
		return;
	}
	drop_kept(j, out);
	if (c == SO || c == SI)
		j->shifted = c == SO;
	else if ((unsigned char)c >= 0x80)
		put_kana(c, out);
	else
		buf_addc(out, c);
	if (c == '\n' || c == '\r')
		*j = (struct jis){ .set = JIS_ASCII };
}

/* The escape sequence goes on with C: to its end, or it is none. */
static void
escape_byte(struct jis *j, char c, struct buf *out)
{
	char text[JIS_KEPT_MAX];
	struct slice s;

	j->kept[j->nkept++] = c;
	s = slice_of(j->kept, j->nkept);
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		const struct slice e = slice_str(escapes[i].text);

		if (slice_eq(e, s)) {
			*j = (struct jis){ .set = escapes[i].set };
			return;
		}
		if (slice_starts(e, s))
			return;
	}
	memcpy(text, s.p, s.n);
	buf_addc(out, JIS_BAD);
	j->nkept = 0;
	jis_feed(j, slice_of(text + 1, s.n - 1), out);
}

void
jis_feed(struct jis *j, struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		const char c = in.p[i];

		if (j->nkept > 0 && j->kept[0] == ESC) {
			escape_byte(j, c, out);
		} else if (c == ESC) {
			drop_kept(j, out);
			j->kept[j->nkept++] = c;
		} else {
			put_byte(j, c, out);
		}
	}
}

void
jis_finish(struct jis *j, struct buf *out)
{
	drop_kept(j, out);
	*j = (struct jis){ .set = JIS_ASCII };
}
