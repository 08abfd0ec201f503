/* SPDX-License-Identifier: ISC */
#include "report/jsonread.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "base/utf8_put.h"

enum {
	PATH_MAX_BYTES = JSONREAD_DEPTH_MAX * (JSONREAD_NAME_MAX + 1),
	SURROGATE = 0xd800,
	SURROGATE_LOW = 0xdc00,
	SURROGATE_END = 0xe000,
};

void
jsonread_init(struct jsonread *j, struct slice text)
{
	*j = (struct jsonread){ .c = cur_of(text) };
	buf_init(&j->path, PATH_MAX_BYTES);
	buf_init(&j->text, JSONREAD_TEXT_MAX);
}

void
jsonread_fini(struct jsonread *j)
{
	buf_fini(&j->path);
	buf_fini(&j->text);
}

static enum jsonread_event
wrong(struct jsonread *j, const char *why)
{
	if (j->why == NULL)
		j->why = why;
	cur_fail(&j->c);
	return JSONREAD_WRONG;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip(struct jsonread *j)
{
	(void)cur_while(&j->c, is_blank);
}

/* ---- strings ---- */

static uint32_t
four_digits(struct jsonread *j)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		const int digit = hex_digit((char)cur_byte(&j->c));

		if (digit == -1)
			cur_fail(&j->c);
		v = v << 4 | (uint32_t)(digit & 0xf);
	}
	return v;
}

/* Behind "\u": a half of a pair that stands alone is U+FFFD. */
static void
unicode(struct jsonread *j, struct buf *out)
{
	uint32_t c = four_digits(j), low;

	if (c >= SURROGATE && c < SURROGATE_LOW && cur_try(&j->c, "\\u")) {
		low = four_digits(j);
		c = low >= SURROGATE_LOW && low < SURROGATE_END
			? 0x10000 + ((c - SURROGATE) << 10) +
			      (low - SURROGATE_LOW)
			: 0xfffd;
	}
	if (c >= SURROGATE && c < SURROGATE_END)
		c = 0xfffd;
	utf8_put(out, c < 0x20 || c == 0x7f ? ' ' : c);
}

static void
escape(struct jsonread *j, struct buf *out)
{
	const int c = cur_byte(&j->c);

	switch (c) {
	case '"':
	case '\\':
	case '/':
		buf_addc(out, (char)c);
		return;
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		buf_addc(out, ' ');
		return;
	case 'u':
		unicode(j, out);
		return;
	default:
		cur_fail(&j->c);
	}
}

/* Behind its first quote, into OUT, which fails where it has no room. */
static void
string(struct jsonread *j, struct buf *out)
{
	buf_reset(out);
	for (;;) {
		const int c = cur_byte(&j->c);

		if (c < 0x20) {
			cur_fail(&j->c);
			return;
		}
		if (c == '"')
			return;
		if (c == '\\')
			escape(j, out);
		else
			buf_addc(out, (char)c);
	}
}

/* ---- values ---- */

static bool
in_object(const struct jsonread *j)
{
	return j->depth > 0 && j->open[j->depth - 1].object;
}

/* The path of what comes in the innermost object or array. */
static void
back(struct jsonread *j)
{
	buf_truncate(&j->path, j->depth > 0 ? j->open[j->depth - 1].path : 0);
}

/* "NAME": before a member; a slash in it is none of a path's. */
static bool
name(struct jsonread *j)
{
	if (!cur_try_byte(&j->c, '"'))
		return false;
	string(j, &j->text);
	for (size_t i = 0; i < j->text.n && i < JSONREAD_NAME_MAX; i++)
		buf_addc(&j->path, j->text.p[i] == '/' ? '?' : j->text.p[i]);
	skip(j);
	return cur_try_byte(&j->c, ':') && !j->text.failed;
}

static enum jsonread_event
open_value(struct jsonread *j, bool object)
{
	if (j->depth == JSONREAD_DEPTH_MAX)
		return wrong(j, "it is too deep");
	j->open[j->depth].object = object;
	j->open[j->depth].used = false;
	j->open[j->depth].path = j->path.n;
	j->depth++;
	return JSONREAD_OPEN;
}

static enum jsonread_event
close_value(struct jsonread *j)
{
	j->depth--;
	buf_truncate(&j->path, j->open[j->depth].path);
	j->done = j->depth == 0;
	return JSONREAD_CLOSE;
}

static bool
in_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	       c == 'e' || c == 'E';
}

static enum jsonread_event
scalar(struct jsonread *j)
{
	const int c = cur_peek(&j->c);

	j->done = j->depth == 0;
	if (cur_try_byte(&j->c, '"')) {
		string(j, &j->text);
		if (!cur_ok(&j->c))
			return wrong(j, "a string that is none");
		if (j->text.failed)
			return wrong(j, "a string is too long");
		return utf8_valid(buf_slice(&j->text))
			   ? JSONREAD_STRING
			   : wrong(j, "a string that is no UTF-8");
	}
	if (c == '-' || (c >= '0' && c <= '9')) {
		buf_reset(&j->text);
		buf_add(&j->text, cur_while(&j->c, in_number));
		return j->text.failed ? wrong(j, "a number is too long")
				      : JSONREAD_NUMBER;
	}
	if (cur_try(&j->c, "true") || cur_try(&j->c, "false") ||
	    cur_try(&j->c, "null"))
		return JSONREAD_WORD;
	return wrong(j, "no value where one belongs");
}

static enum jsonread_event
value(struct jsonread *j)
{
	skip(j);
	if (cur_try_byte(&j->c, '{'))
		return open_value(j, true);
	if (cur_try_byte(&j->c, '['))
		return open_value(j, false);
	return scalar(j);
}

/* What comes in the innermost object or array: its end, or one more. */
static enum jsonread_event
member(struct jsonread *j)
{
	const bool object = in_object(j);
	const bool used = j->open[j->depth - 1].used;

	back(j);
	skip(j);
	if (cur_try_byte(&j->c, object ? '}' : ']'))
		return close_value(j);
	if (used && !cur_try_byte(&j->c, ','))
		return wrong(j, "a comma is missing");
	j->open[j->depth - 1].used = true;
	buf_addc(&j->path, '/');
	skip(j);
	if (object && !name(j))
		return wrong(j, "a name is missing");
	return value(j);
}

enum jsonread_event
jsonread_next(struct jsonread *j)
{
	if (j->why != NULL)
		return JSONREAD_WRONG;
	if (!j->done)
		return j->depth > 0 ? member(j) : value(j);
	skip(j);
	return cur_end(&j->c) ? JSONREAD_END
			      : wrong(j, "something stands behind it");
}
