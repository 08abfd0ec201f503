/* SPDX-License-Identifier: ISC */
#include "maildir/uidset.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"

void
uidset_fini(struct uidset *s)
{
	xfree(&s->v);
	s->n = s->cap = 0;
}

/* The first range that ends at UID or behind it. */
static size_t
find(const struct uidset *s, uint32_t uid)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].hi < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
uidset_has(const struct uidset *s, uint32_t uid)
{
	const size_t at = find(s, uid);

	return at < s->n && s->v[at].lo <= uid;
}

/* N ranges instead of those in [FROM, TO). */
static bool
replace(struct uidset *s, size_t from, size_t to, const struct uidrange *r,
    size_t n)
{
	const size_t after = s->n - to;

	if (s->n - (to - from) + n > UIDSET_RANGES_MAX)
		return false;
	if (from + n + after > s->cap) {
		s->cap = 2 * (from + n + after);
		s->v = xreallocarray(s->v, s->cap, sizeof *s->v);
	}
	if (after > 0)
		memmove(s->v + from + n, s->v + to, after * sizeof *s->v);
	for (size_t i = 0; i < n; i++)
		s->v[from + i] = r[i];
	s->n = from + n + after;
	return true;
}

bool
uidset_add(struct uidset *s, uint32_t lo, uint32_t hi)
{
	/* Neighbours become one. */
	const size_t from = find(s, lo > 0 ? lo - 1 : 0);
	struct uidrange r = { lo, hi };
	size_t to = from;

	while (to < s->n && (hi == UINT32_MAX || s->v[to].lo <= hi + 1)) {
		if (s->v[to].lo < r.lo)
			r.lo = s->v[to].lo;
		if (s->v[to].hi > r.hi)
			r.hi = s->v[to].hi;
		to++;
	}
	return replace(s, from, to, &r, 1);
}

bool
uidset_del(struct uidset *s, uint32_t lo, uint32_t hi)
{
	const size_t from = find(s, lo);
	struct uidrange r[2];
	size_t to = from, n = 0;

	while (to < s->n && s->v[to].lo <= hi) {
		if (s->v[to].lo < lo)
			r[n++] = (struct uidrange){ s->v[to].lo, lo - 1 };
		if (s->v[to].hi > hi)
			r[n++] = (struct uidrange){ hi + 1, s->v[to].hi };
		to++;
	}
	return to == from || replace(s, from, to, r, n);
}

void
uidset_put(const struct uidset *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			buf_addc(out, ',');
		buf_addu(out, s->v[i].lo);
		if (s->v[i].hi == s->v[i].lo)
			continue;
		buf_addc(out, ':');
		buf_addu(out, s->v[i].hi);
	}
}

bool
uidset_apply(struct uidset *s, char sign, struct slice text)
{
	struct cur c = cur_of(text);

	do {
		const uint32_t lo = (uint32_t)cur_u64(&c, UINT32_MAX);
		const uint32_t hi =
		    cur_try(&c, ":") ? (uint32_t)cur_u64(&c, UINT32_MAX) : lo;

		if (!cur_ok(&c) || lo == 0 || hi < lo)
			return false;
		if (sign == '+' ? !uidset_add(s, lo, hi)
				: !uidset_del(s, lo, hi))
			return false;
	} while (cur_try(&c, ","));
	return cur_end(&c);
}
