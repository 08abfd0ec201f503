/* SPDX-License-Identifier: ISC */
#include "auth/json.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "base/utf8_put.h"

enum { TEXT_MAX = 4096 };

static void skip_value(struct cur *c, int depth);

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space(struct cur *c)
{
	(void)cur_while(c, is_space);
}

static uint32_t
take_hex4(struct cur *c)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		const int d = hex_digit((char)cur_byte(c));

		if (d == -1) {
			cur_fail(c);
			return 0;
		}
		v = v << 4 | (uint32_t)d;
	}
	return v;
}

/* Behind "\u". */
static void
take_unicode(struct cur *c, struct buf *out)
{
	uint32_t v = take_hex4(c), low;

	if (v >= 0xdc00 && v <= 0xdfff)
		cur_fail(c);
	if (v >= 0xd800 && v <= 0xdbff) {
		cur_lit(c, "\\u");
		low = take_hex4(c);
		if (low < 0xdc00 || low > 0xdfff)
			cur_fail(c);
		v = 0x10000 + ((v - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
	}
	if (cur_ok(c))
		utf8_put(out, v);
}

static void
take_escape(struct cur *c, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const int b = cur_byte(c);

	if (b == 'u') {
		take_unicode(c, out);
		return;
	}
	for (size_t i = 0; i < sizeof from - 1; i++)
		if (b == from[i]) {
			buf_addc(out, to[i]);
			return;
		}
	cur_fail(c);
}

/* A string; what it says to OUT. */
static void
take_string(struct cur *c, struct buf *out)
{
	if (!cur_try_byte(c, '"'))
		cur_fail(c);
	while (cur_ok(c) && !cur_try_byte(c, '"')) {
		const int b = cur_byte(c);

		if (b < 0x20)
			cur_fail(c);
		else if (b == '\\')
			take_escape(c, out);
		else
			buf_addc(out, (char)b);
	}
	if (!utf8_valid(buf_slice(out)) && !out->failed)
		cur_fail(c);
}

static void
skip_string(struct cur *c)
{
	struct buf text = { .max = TEXT_MAX };

	take_string(c, &text); /* one that is too long is a string as well */
	buf_fini(&text);
}

static void
skip_digits(struct cur *c)
{
	if (cur_while(c, ascii_isdigit).n == 0)
		cur_fail(c);
}

static void
skip_number(struct cur *c)
{
	(void)cur_try_byte(c, '-');
	if (!cur_try_byte(c, '0'))
		skip_digits(c);
	if (cur_try_byte(c, '.'))
		skip_digits(c);
	if (cur_try(c, "e")) {
		if (!cur_try_byte(c, '+'))
			(void)cur_try_byte(c, '-');
		skip_digits(c);
	}
}

/* ":" value, behind a member's name. */
static void
skip_member(struct cur *c, int depth)
{
	skip_space(c);
	skip_string(c);
	skip_space(c);
	cur_lit(c, ":");
	skip_value(c, depth);
}

static void
skip_list(struct cur *c, char end, void (*skip)(struct cur *, int), int depth)
{
	(void)cur_byte(c);
	skip_space(c);
	if (cur_try_byte(c, end))
		return;
	do
		skip(c, depth);
	while (cur_try_byte(c, ','));
	if (!cur_try_byte(c, end))
		cur_fail(c);
}

/* One value with the space around it. */
static void
skip_value(struct cur *c, int depth)
{
	skip_space(c);
	if (depth >= JSON_DEPTH_MAX)
		cur_fail(c);
	switch (cur_peek(c)) {
	case '{':
		skip_list(c, '}', skip_member, depth + 1);
		break;
	case '[':
		skip_list(c, ']', skip_value, depth + 1);
		break;
	case '"':
		skip_string(c);
		break;
	case 't':
	case 'f':
	case 'n':
		if (slice_starts(cur_rest(c), SLICE("true")))
			(void)cur_take(c, 4);
		else if (slice_starts(cur_rest(c), SLICE("false")))
			(void)cur_take(c, 5);
		else if (slice_starts(cur_rest(c), SLICE("null")))
			(void)cur_take(c, 4);
		else
			cur_fail(c);
		break;
	default:
		skip_number(c);
	}
	skip_space(c);
}

/* The value at C, which moves behind it. */
static struct slice
take_value(struct cur *c)
{
	const char *from;

	skip_space(c);
	from = c->p;
	skip_value(c, 0);
	if (!cur_ok(c))
		return (struct slice){ NULL, 0 };
	return slice_trim(slice_of(from, (size_t)(c->p - from)));
}

bool
json_parse(struct slice text, struct slice *value)
{
	struct cur c = cur_of(text);

	*value = take_value(&c);
	return cur_end(&c);
}

bool
json_member(struct slice object, const char *name, struct slice *value)
{
	struct cur c = cur_of(object);
	unsigned found = 0;

	if (!cur_try_byte(&c, '{'))
		return false;
	do {
		struct slice key, v;

		key = take_value(&c);
		if (!cur_try_byte(&c, ':'))
			break;
		v = take_value(&c);
		if (cur_ok(&c) && json_is(key, name)) {
			found++;
			*value = found == 1 ? v : slice_of(v.p, 0);
		}
	} while (cur_try_byte(&c, ','));
	return found > 0;
}

bool
json_next(struct slice *rest, struct slice *element)
{
	struct cur c = cur_of(*rest);

	if (!cur_try_byte(&c, '[') && !cur_try_byte(&c, ','))
		return false;
	skip_space(&c);
	if (cur_peek(&c) == ']')
		return false;
	*element = take_value(&c);
	*rest = cur_rest(&c);
	return cur_ok(&c);
}

bool
json_is_string(struct slice value)
{
	return slice_starts(value, SLICE("\""));
}

bool
json_string(struct slice value, struct buf *out)
{
	struct cur c = cur_of(value);
	const size_t from = out->n;

	if (!json_is_string(value))
		return false;
	take_string(&c, out);
	if (cur_end(&c) && !out->failed)
		return true;
	buf_truncate(out, from);
	return false;
}

bool
json_is(struct slice value, const char *text)
{
	struct buf out = { .max = TEXT_MAX };
	const bool same =
	    json_string(value, &out) && slice_is(buf_slice(&out), text);

	buf_fini(&out);
	return same;
}

bool
json_number(struct slice value, int64_t *n)
{
	struct cur c = cur_of(value);

	*n = (int64_t)cur_u64(&c, UINT64_C(1) << 53);
	if (cur_try_byte(&c, '.'))
		skip_digits(&c);
	return cur_end(&c);
}
