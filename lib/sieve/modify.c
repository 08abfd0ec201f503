/* SPDX-License-Identifier: ISC */
#include "sieve/modify.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sieve/exec.h"

static void
lower(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, ascii_lower(s.p[i]));
}

static void
upper(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, ascii_upper(s.p[i]));
}

static void
lower_first(struct slice s, struct buf *out)
{
	lower(slice_sub(s, 0, 1), out);
	buf_add(out, slice_from(s, 1));
}

static void
upper_first(struct slice s, struct buf *out)
{
	upper(slice_sub(s, 0, 1), out);
	buf_add(out, slice_from(s, 1));
}

static void
quote(struct slice s, const char *which, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\0' && strchr(which, s.p[i]) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
}

static void
quote_wildcard(struct slice s, struct buf *out)
{
	quote(s, "*?\\", out);
}

static void
quote_regex(struct slice s, struct buf *out)
{
	quote(s, "\\^$.[]|()?*+{}", out);
}

/* All but the unreserved characters of RFC 3986 2.3. */
static void
encode_url(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (ascii_isalnum((char)c) ||
		    (c != 0 && strchr("-_.~", c) != NULL))
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02x", c);
	}
}

static void
length(struct slice s, struct buf *out)
{
	uint64_t n = 0;

	while (s.n > 0) {
		const size_t len = utf8_len(s);

		s = slice_from(s, len > 0 ? len : 1);
		n++;
	}
	buf_addu(out, n);
}

static const struct {
	int tag;
	void (*modify)(struct slice s, struct buf *out);
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
		struct buf b;

		if (!sieve_call_has(c, modifiers[i].tag))
			continue;
		if (sieve_exec_spend(x, 1 + v->n / 16) == -1)
			return -1;
		buf_init(&b, 3 * v->n + 32);
		modifiers[i].modify(*v, &b);
		*v = arena_slice(&x->tmp, buf_slice(&b));
		buf_fini(&b);
	}
	return 0;
}
