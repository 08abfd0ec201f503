/* SPDX-License-Identifier: ISC */
#include "sieve/modify.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sieve/exec.h"

/* What goes into a variable, whole characters of it. */
struct modified {
	struct buf out;
	size_t max;
};

/* False: there is no more room. */
static bool
put(struct modified *m, struct slice s)
{
	if (m->out.n + s.n > m->max)
		return false;
	buf_add(&m->out, s);
	return true;
}

/* The character that S begins with, or a byte that belongs to none. */
static struct slice
first_of(struct slice s)
{
	const size_t n = utf8_len(s);

	return slice_sub(s, 0, n > 0 ? n : 1);
}

static void
map_bytes(struct slice s, char (*map)(char c), struct modified *m)
{
	while (s.n > 0) {
		const struct slice one = first_of(s);
		const char c = map(one.p[0]);

		if (!put(m, one.n == 1 ? slice_of(&c, 1) : one))
			return;
		s = slice_from(s, one.n);
	}
}

static void
lower(struct slice s, struct modified *m)
{
	map_bytes(s, ascii_lower, m);
}

static void
upper(struct slice s, struct modified *m)
{
	map_bytes(s, ascii_upper, m);
}

static void
map_first(struct slice s, char (*map)(char c), struct modified *m)
{
	map_bytes(slice_sub(s, 0, 1), map, m);
	buf_add(&m->out, slice_from(s, 1));
}

static void
lower_first(struct slice s, struct modified *m)
{
	map_first(s, ascii_lower, m);
}

static void
upper_first(struct slice s, struct modified *m)
{
	map_first(s, ascii_upper, m);
}

static void
quote(struct slice s, const char *which, struct modified *m)
{
	while (s.n > 0) {
		const struct slice one = first_of(s);
		const char quoted[2] = { '\\', one.p[0] };
		const bool special =
		    one.p[0] != '\0' && strchr(which, one.p[0]) != NULL;

		if (!put(m, special ? slice_of(quoted, 2) : one))
			return;
		s = slice_from(s, one.n);
	}
}

static void
quote_wildcard(struct slice s, struct modified *m)
{
	quote(s, "*?\\", m);
}

static void
quote_regex(struct slice s, struct modified *m)
{
	quote(s, "\\^$.[]|()?*+{}", m);
}

/* All but the unreserved characters of RFC 3986 2.3. */
static void
encode_url(struct slice s, struct modified *m)
{
	while (s.n > 0) {
		const struct slice one = first_of(s);
		char text[3 * 4 + 1];
		size_t n = 0;

		if (ascii_isalnum(one.p[0]) ||
		    (one.p[0] != '\0' && strchr("-_.~", one.p[0]) != NULL))
			text[n++] = one.p[0];
		else
			for (size_t i = 0; i < one.n; i++)
				n += (size_t)snprintf(text + n, sizeof text - n,
				    "%%%02X",
				    (unsigned)(unsigned char)one.p[i]);
		if (!put(m, slice_of(text, n)))
			return;
		s = slice_from(s, one.n);
	}
}

static void
length(struct slice s, struct modified *m)
{
	uint64_t n = 0;

	for (; s.n > 0; n++)
		s = slice_from(s, first_of(s).n);
	buf_addu(&m->out, n);
}

static const struct {
	int tag;
	void (*modify)(struct slice s, struct modified *m);
} modifiers[] = {
	{ SIEVE_TAG_LOWER, lower },
	{ SIEVE_TAG_UPPER, upper },
	{ SIEVE_TAG_LOWERFIRST, lower_first },
	{ SIEVE_TAG_UPPERFIRST, upper_first },
	{ SIEVE_TAG_QUOTEWILDCARD, quote_wildcard },
	{ SIEVE_TAG_QUOTEREGEX, quote_regex },
	{ SIEVE_TAG_ENCODEURL, encode_url },
	{ SIEVE_TAG_LENGTH, length },
};

int
sieve_modify(struct sieve_exec *x, const struct sieve_call *c, struct slice *v)
{
	for (size_t i = 0; i < ARRAY_LEN(modifiers); i++) {
		struct modified m = { .max = x->limits->value_bytes };

		if (!sieve_call_has(c, modifiers[i].tag))
			continue;
		if (sieve_exec_spend(x, 1 + v->n / 16) == -1)
			return -1;
		buf_init(&m.out, v->n + m.max + 32);
		modifiers[i].modify(*v, &m);
		*v = arena_slice(&x->tmp, buf_slice(&m.out));
		buf_fini(&m.out);
	}
	return 0;
}
