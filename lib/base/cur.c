/* SPDX-License-Identifier: ISC */
#include "base/cur.h"

#include "base/ascii.h"

struct slice
cur_rest(const struct cur *c)
{
	return slice_of(c->p, cur_left(c));
}

int
cur_byte(struct cur *c)
{
	const int b = cur_peek(c);

	if (b == -1)
		cur_fail(c);
	else
		c->p++;
	return b;
}

struct slice
cur_take(struct cur *c, size_t n)
{
	const struct slice s = { c->p, n };

	if (n > cur_left(c)) {
		cur_fail(c);
		return (struct slice){ NULL, 0 };
	}
	if (n > 0)
		c->p += n;
	return s;
}

void
cur_lit(struct cur *c, const char *lit)
{
	if (!cur_try(c, lit))
		cur_fail(c);
}

bool
cur_try(struct cur *c, const char *lit)
{
	const struct slice want = slice_str(lit);

	if (c->failed || !slice_istarts(cur_rest(c), want))
		return false;
	c->p += want.n;
	return true;
}

bool
cur_try_byte(struct cur *c, char b)
{
	if (cur_left(c) == 0 || *c->p != b)
		return false;
	c->p++;
	return true;
}

struct slice
cur_while(struct cur *c, bool (*is)(char))
{
	const char *from = c->p;
	size_t n = 0;

	while (cur_left(c) > 0 && is(*c->p)) {
		c->p++;
		n++;
	}
	return slice_of(from, n);
}

struct slice
cur_until(struct cur *c, char b)
{
	const struct slice rest = cur_rest(c);
	const size_t at = slice_find(rest, b);

	if (at == rest.n) {
		cur_fail(c);
		return (struct slice){ NULL, 0 };
	}
	c->p += at + 1;
	return slice_sub(rest, 0, at);
}

void
cur_skip_blank(struct cur *c)
{
	while (cur_peek(c) == ' ' || cur_peek(c) == '\t')
		c->p++;
}

uint64_t
cur_u64(struct cur *c, uint64_t max)
{
	uint64_t v = 0;
	size_t digits = 0;

	while (cur_left(c) > 0 && ascii_isdigit(*c->p)) {
		const uint64_t d = (uint64_t)(*c->p - '0');

		if (d > max || v > (max - d) / 10) {
			cur_fail(c);
			return 0;
		}
		v = v * 10 + d;
		c->p++;
		digits++;
	}
	if (digits == 0)
		cur_fail(c);
	return c->failed ? 0 : v;
}
