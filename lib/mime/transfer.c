/* SPDX-License-Identifier: ISC */
#include "mime/transfer.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/mem.h"

enum { BLANKS_MAX = 64 }; /* before what may be plain */

/* clang-format off */
static const struct {
	const char *name;
	enum transfer_encoding encoding;
} names[] = {
	{ "7bit",             TRANSFER_IDENTITY },
	{ "8bit",             TRANSFER_IDENTITY },
	{ "binary",           TRANSFER_IDENTITY },
	{ "base64",           TRANSFER_BASE64 },
	{ "quoted-printable", TRANSFER_QUOTED_PRINTABLE },
};
/* clang-format on */

static bool
is_name_byte(char c)
{
	return ascii_isalnum(c) || c == '-';
}

enum transfer_encoding
transfer_find(struct slice value)
{
	struct cur c = cur_of(slice_trim(value));
	struct slice name = cur_while(&c, is_name_byte);

	if (name.n == 0)
		return value.n == 0 ? TRANSFER_IDENTITY : TRANSFER_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_iis(name, names[i].name))
			return names[i].encoding;
	return TRANSFER_UNKNOWN;
}

void
transfer_init(struct transfer *t, enum transfer_encoding encoding)
{
	*t = (struct transfer){ .encoding = encoding };
}

/* Whole groups of four digits at the start of IN; how many bytes of it. */
static size_t
take_groups(struct slice in, char *to, size_t *n)
{
	size_t i = 0;

	while (in.n - i >= 4) {
		const int a = base64_digit(in.p[i]);
		const int b = base64_digit(in.p[i + 1]);
		const int c = base64_digit(in.p[i + 2]);
		const int d = base64_digit(in.p[i + 3]);
		const unsigned all = (unsigned)a << 18 | (unsigned)b << 12 |
				     (unsigned)c << 6 | (unsigned)d;

		if ((a | b | c | d) < 0)
			break;
		to[*n] = (char)(all >> 16 & 0xff);
		to[*n + 1] = (char)(all >> 8 & 0xff);
		to[*n + 2] = (char)(all & 0xff);
		*n += 3;
		i += 4;
	}
	return i;
}

static void
feed_base64(struct transfer *t, struct slice in, struct buf *out)
{
	char *to = buf_room(out, in.n);
	size_t n = 0;

	if (to == NULL)
		return;
	for (size_t i = 0; i < in.n; i++) {
		int digit;

		if (t->nbits == 0)
			i += take_groups(slice_of(in.p + i, in.n - i), to, &n);
		if (i == in.n)
			break;
		digit = base64_digit(in.p[i]);
		if (in.p[i] ==
		    '=') /* a padded group ends; another may follow */
			t->nbits = 0;
		if (digit < 0)
			continue;
		t->bits = t->bits << 6 | (uint32_t)digit;
		t->nbits += 6;
		if (t->nbits >= 8) {
			t->nbits -= 8;
			to[n++] = (char)(t->bits >> t->nbits & 0xff);
		}
	}
	buf_added(out, n);
}

static void
release(struct transfer *t, struct buf *out)
{
	buf_add(out, slice_of(t->held, t->nheld));
	t->nheld = 0;
}

static void
hold(struct transfer *t, char c, struct buf *out)
{
	if (t->nheld == sizeof t->held)
		release(t, out);
	t->held[t->nheld++] = c;
}

/* A byte behind "=" or "=4" or "=  ": true when it was used up. */
static bool
escaped(struct transfer *t, char c, struct buf *out)
{
	const bool blank = c == ' ' || c == '\t' || c == '\r';

	if (c == '\n') { /* soft line break, blanks before it allowed */
		t->nheld = 0;
		return true;
	}
	if (t->nheld == 1 && hex_digit(c) >= 0) {
		hold(t, c, out);
		return true;
	}
	if (t->nheld == 2 && hex_digit(t->held[1]) >= 0 && hex_digit(c) >= 0) {
		buf_addc(
		    out, (char)(hex_digit(t->held[1]) * 16 + hex_digit(c)));
		t->nheld = 0;
		return true;
	}
	if (blank && t->nheld < sizeof t->held &&
	    (t->nheld == 1 || hex_digit(t->held[1]) < 0)) {
		hold(t, c, out);
		return true;
	}
	release(t, out);
	return false;
}

/* White space at a line's end was added on the way (RFC 2045 6.7 rule 3), so
 * blanks are held until what follows is seen. */
static void
qp_byte(struct transfer *t, char c, struct buf *out)
{
	if (t->nheld > 0 && t->held[0] == '=' && escaped(t, c, out))
		return;
	if (c == '=') {
		release(t, out);
		hold(t, c, out);
	} else if (c == ' ' || c == '\t') {
		hold(t, c, out);
	} else if (c == '\r') {
		hold(t, c, out);
	} else if (c == '\n') {
		const bool cr = t->nheld > 0 && t->held[t->nheld - 1] == '\r';

		t->nheld = 0;
		buf_adds(out, cr ? "\r\n" : "\n");
	} else {
		release(t, out);
		buf_addc(out, c);
	}
}

/* What stands for itself at the start of IN: blanks too, where something plain
 * follows them. */
static size_t
plain_length(struct slice in)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		const char c = in.p[i];

		if (c == '=' || c == '\r' || c == '\n')
			break;
		if (c != ' ' && c != '\t')
			n = i + 1;
		else if (i - n >= BLANKS_MAX)
			break;
	}
	return n;
}

static void
feed_qp(struct transfer *t, struct slice in, struct buf *out)
{
	struct cur c = cur_of(in);

	while (cur_left(&c) > 0) {
		if (t->nheld == 0)
			buf_add(out, cur_take(&c, plain_length(cur_rest(&c))));
		if (cur_left(&c) > 0)
			qp_byte(t, (char)cur_byte(&c), out);
	}
}

void
transfer_feed(struct transfer *t, struct slice piece, struct buf *out)
{
	switch (t->encoding) {
	case TRANSFER_BASE64:
		feed_base64(t, piece, out);
		break;
	case TRANSFER_QUOTED_PRINTABLE:
		feed_qp(t, piece, out);
		break;
	case TRANSFER_IDENTITY:
	case TRANSFER_UNKNOWN:
		buf_add(out, piece);
		break;
	}
}

void
transfer_finish(struct transfer *t, struct buf *out)
{
	if (t->nheld > 0 && t->held[0] != '=')
		t->nheld = 0; /* white space at the end of the text */
	release(t, out);
	t->nbits = 0;
}
