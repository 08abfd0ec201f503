/* SPDX-License-Identifier: ISC */
#include "sieve/compare.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "mime/casemap.h"
#include "sieve/lang.h"

static const struct {
	const char *name;
	enum sieve_ext ext;
	bool parts;
} comparators[] = {
#define COMPARATOR(id, name, ext, parts) { name, SIEVE_EXT_##ext, parts },
#include "sieve/match.def"
#undef COMPARATOR
};

static const char *const relations[] = {
#define RELATION(id, name, holds) name,
#include "sieve/match.def"
#undef RELATION
};

int
sieve_compare_find(struct slice name)
{
	for (int i = 0; i < SIEVE_COMPARATORS; i++)
		if (slice_is(name, comparators[i].name))
			return i;
	return -1;
}

int
sieve_compare_relation(struct slice name)
{
	for (int i = 0; i < SIEVE_RELATIONS; i++)
		if (slice_iis(name, relations[i]))
			return i;
	return -1;
}

const char *
sieve_compare_name(enum sieve_comparator c)
{
	return comparators[c].name;
}

const char *
sieve_compare_relation_name(enum sieve_relation r)
{
	return relations[r];
}

int
sieve_compare_ext(enum sieve_comparator c)
{
	return (int)comparators[c].ext;
}

bool
sieve_compare_knows_parts(enum sieve_comparator c)
{
	return comparators[c].parts;
}

bool
sieve_compare_holds(enum sieve_relation r, int order)
{
	switch (r) {
#define RELATION(id, name, holds)                                              \
	case SIEVE_REL_##id:                                                   \
		return holds;
#include "sieve/match.def"
#undef RELATION
	case SIEVE_RELATIONS:
		break;
	}
	return false;
}

/* Bytes that CR, LF or more than one byte stand for grow at most so much. */
enum { CASEMAP_GROWTH = 24 };

struct slice
sieve_compare_prepare(enum sieve_comparator c, struct arena *a, struct slice s)
{
	struct slice out;
	struct buf b;

	if (c != SIEVE_BY_UNICODE_CASEMAP)
		return s;
	buf_init(&b, s.n * CASEMAP_GROWTH + 64);
	casemap_text(s, &b);
	out = arena_slice(a, buf_slice(&b));
	buf_fini(&b);
	return out;
}

/* ---- i;ascii-numeric: digits at the start, else more than any number ---- */

static struct slice
digits_of(struct slice s)
{
	size_t n = 0;

	while (n < s.n && ascii_isdigit(s.p[n]))
		n++;
	s = slice_sub(s, 0, n);
	while (s.n > 1 && s.p[0] == '0')
		s = slice_from(s, 1);
	return s;
}

static int
order_numeric(struct slice a, struct slice b)
{
	const struct slice x = digits_of(a);
	const struct slice y = digits_of(b);

	if (x.n == 0 || y.n == 0)
		return (x.n == 0) - (y.n == 0);
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return slice_cmp(x, y);
}

static int
order_casemap(struct slice a, struct slice b)
{
	const size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		const unsigned char x = (unsigned char)ascii_upper(a.p[i]);
		const unsigned char y = (unsigned char)ascii_upper(b.p[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

int
sieve_compare_order(enum sieve_comparator c, struct slice a, struct slice b)
{
	switch (c) {
	case SIEVE_BY_ASCII_NUMERIC:
		return order_numeric(a, b);
	case SIEVE_BY_ASCII_CASEMAP:
		return order_casemap(a, b);
	case SIEVE_BY_OCTET:
	case SIEVE_BY_UNICODE_CASEMAP:
	case SIEVE_COMPARATORS:
		break;
	}
	return slice_cmp(a, b);
}

bool
sieve_compare_equal(enum sieve_comparator c, struct slice a, struct slice b)
{
	if (c != SIEVE_BY_ASCII_NUMERIC && a.n != b.n)
		return false;
	return sieve_compare_order(c, a, b) == 0;
}

size_t
sieve_compare_search(
    enum sieve_comparator c, struct slice s, size_t from, struct slice needle)
{
	size_t at;

	if (from > s.n || needle.n > s.n - from)
		return s.n + 1;
	if (needle.n == 0)
		return from;
	if (c != SIEVE_BY_ASCII_CASEMAP) {
		at = slice_search(slice_from(s, from), needle);
		return from + at < s.n ? from + at : s.n + 1;
	}
	for (at = from; at + needle.n <= s.n; at++)
		if (ascii_upper(s.p[at]) == ascii_upper(needle.p[0]) &&
		    order_casemap(slice_sub(s, at, needle.n), needle) == 0)
			return at;
	return s.n + 1;
}
