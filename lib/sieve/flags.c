/* SPDX-License-Identifier: ISC */
#include "sieve/flags.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"

bool
sieve_flags_next(struct slice *s, struct slice *flag)
{
	size_t n = 0;

	*s = slice_trim(*s);
	while (n < s->n && !ascii_isspace(s->p[n]))
		n++;
	*flag = slice_sub(*s, 0, n);
	*s = slice_from(*s, n);
	return n > 0;
}

/* atom (RFC 9051 9) */
static bool
is_atom(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' ||
		    memchr("(){%*\"\\]", s.p[i], 8) != NULL)
			return false;
	return s.n > 0;
}

bool
sieve_flags_valid(struct slice flag)
{
	static const char *const system[] = { "\\answered", "\\flagged",
		"\\deleted", "\\seen", "\\draft" };

	if (flag.n > 0 && flag.p[0] != '\\')
		return is_atom(flag);
	for (size_t i = 0; i < ARRAY_LEN(system); i++)
		if (slice_iis(flag, system[i]))
			return true;
	return false;
}

bool
sieve_flags_is_attribute(struct slice s)
{
	return s.n > 1 && s.p[0] == '\\' && is_atom(slice_from(s, 1));
}

bool
sieve_flags_has(struct slice list, struct slice flag)
{
	struct slice one;

	while (sieve_flags_next(&list, &one))
		if (slice_ieq(one, flag))
			return true;
	return false;
}

void
sieve_flags_add(struct buf *list, struct slice flags)
{
	struct slice one;

	while (sieve_flags_next(&flags, &one)) {
		if (!sieve_flags_valid(one) ||
		    sieve_flags_has(buf_slice(list), one))
			continue;
		if (list->n > 0)
			buf_addc(list, ' ');
		buf_add(list, one);
	}
}

void
sieve_flags_remove(struct buf *list, struct slice flags)
{
	struct slice rest;
	struct slice one;
	struct buf left;

	buf_init(&left, list->max);
	rest = buf_slice(list);
	while (sieve_flags_next(&rest, &one))
		if (!sieve_flags_has(flags, one))
			buf_addf(&left, "%s%.*s", left.n > 0 ? " " : "",
			    SLICE_FMT(one));
	buf_reset(list);
	buf_add(list, buf_slice(&left));
	buf_fini(&left);
}
