/* SPDX-License-Identifier: ISC */
#include "proto/seqset.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cur.h"

/* nz-number / "*" */
static uint32_t
read_number(struct cur *c)
{
	uint64_t n;

	if (cur_try_byte(c, '*'))
		return 0;
	n = cur_u64(c, UINT32_MAX);
	if (n == 0)
		cur_fail(c);
	return (uint32_t)n;
}

static size_t
count_ranges(struct slice s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n && s.p[i] != ' ' && s.p[i] != ')'; i++)
		n += s.p[i] == ',';
	return n;
}

void
seqset_parse(struct cur *c, struct arena *a, struct seqset *set)
{
	const size_t max = count_ranges(cur_rest(c));

	set->n = 0;
	set->uids = false;
	set->v = arena_alloc(a, max * sizeof *set->v);
	do {
		struct seqrange *r = &set->v[set->n];

		if (set->n == max) {
			cur_fail(c);
			return;
		}
		r->lo = read_number(c);
		r->hi = cur_try_byte(c, ':') ? read_number(c) : r->lo;
		set->n++;
	} while (cur_try_byte(c, ','));
	if (!cur_ok(c))
		set->n = 0;
}

struct seqset
seqset_all(struct arena *a)
{
	struct seqset all = { .v = arena_alloc(a, sizeof *all.v), .n = 1 };

	all.v[0] = (struct seqrange){ 1, 0 };
	return all;
}

struct seqset
seqset_copy(const struct seqset *set, struct arena *a)
{
	struct seqset copy = *set;

	copy.v = arena_alloc(a, (set->n + 1) * sizeof *copy.v);
	if (set->n > 0)
		memcpy(copy.v, set->v, set->n * sizeof *copy.v);
	return copy;
}

static int
by_lo(const void *a, const void *b)
{
	const struct seqrange *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

void
seqset_resolve(struct seqset *set, uint32_t star)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct seqrange *r = &set->v[i];
		const uint32_t a = r->lo != 0 ? r->lo : star;
		const uint32_t b = r->hi != 0 ? r->hi : star;

		r->lo = a < b ? a : b;
		r->hi = a < b ? b : a;
	}
	if (set->n > 1)
		qsort(set->v, set->n, sizeof *set->v, by_lo);
	for (size_t i = 1; i < set->n; i++) {
		struct seqrange *last = &set->v[n];
		const struct seqrange r = set->v[i];

		if (r.lo - 1 > last->hi)
			set->v[++n] = r;
		else if (r.hi > last->hi)
			last->hi = r.hi;
	}
	if (set->n > 0)
		set->n = n + 1;
}

bool
seqset_has(const struct seqset *set, uint32_t n)
{
	size_t from = 0, to = set->n;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (n < set->v[mid].lo)
			to = mid;
		else if (n > set->v[mid].hi)
			from = mid + 1;
		else
			return true;
	}
	return false;
}

uint32_t
seqset_last(const struct seqset *set)
{
	return set->n > 0 ? set->v[set->n - 1].hi : 0;
}
