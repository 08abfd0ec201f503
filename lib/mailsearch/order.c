/* SPDX-License-Identifier: ISC */
#include "mailsearch/order.h"

#include <stdlib.h>

#include "base/mem.h"

/* ROUNDED: what an arena adds to a piece, at most. */
enum { RUN = 16, STEP = 4096, HEAD = 8, SPARE = 64 << 10, ROUNDED = 16 };

void
order_init(struct order *o, size_t limit_bytes)
{
	*o = (struct order){ .limit_bytes = limit_bytes };
	arena_init(&o->arena);
}

void
order_fini(struct order *o)
{
	xfree(&o->v);
	xfree(&o->to);
	arena_fini(&o->arena);
	o->n = o->cap = 0;
}

void
order_reserve(struct order *o, size_t n)
{
	if (n <= o->cap)
		return;
	o->cap = n;
	o->v = xreallocarray(o->v, o->cap, sizeof *o->v);
}

static struct order_entry *
new_entry(struct order *o, uint32_t number, uint32_t item)
{
	struct order_entry *e;

	if (o->n == o->cap) {
		o->cap = o->cap > 0 ? 2 * o->cap : 64;
		o->v = xreallocarray(o->v, o->cap, sizeof *o->v);
	}
	e = &o->v[o->n++];
	*e = (struct order_entry){ .number = number, .item = item };
	return e;
}

void
order_add(struct order *o, uint32_t number, uint32_t item, struct slice key)
{
	struct order_entry *e = new_entry(o, number, item);

	for (size_t i = 0; i < HEAD; i++)
		e->head =
		    e->head << 8 | (i < key.n ? (unsigned char)key.p[i] : 0);
	if (key.n <= HEAD || o->arena.used_bytes >= o->limit_bytes)
		return;
	key = arena_slice(&o->arena, slice_from(key, HEAD));
	e->rest = key.p;
	e->nrest = (uint32_t)key.n;
	o->live_bytes += key.n;
}

void
order_add_number(struct order *o, uint32_t number, uint32_t item, int64_t key)
{
	new_entry(o, number, item)->head = (uint64_t)key ^ UINT64_C(1) << 63;
}

void
order_reset(struct order *o)
{
	xfree(&o->to);
	arena_reset(&o->arena);
	o->n = o->width = o->lo = o->live_bytes = 0;
}

/* Keys of what was taken out go when they are more than the others. */
static void
compact(struct order *o)
{
	struct arena old = o->arena;

	if (old.used_bytes < 2 * (o->live_bytes + ROUNDED * o->n) + SPARE)
		return;
	arena_init(&o->arena);
	for (size_t i = 0; i < o->n; i++) {
		struct order_entry *e = &o->v[i];

		if (e->nrest > 0)
			e->rest =
			    arena_slice(&o->arena, slice_of(e->rest, e->nrest))
				.p;
	}
	arena_fini(&old);
}

static bool
is_before(const struct order_entry *a, const struct order_entry *b)
{
	const size_t n = a->nrest < b->nrest ? a->nrest : b->nrest;
	int cmp = 0;

	if (a->head != b->head)
		return a->head < b->head;
	if (n > 0)
		cmp = memcmp(a->rest, b->rest, n);
	if (cmp != 0)
		return cmp < 0;
	if (a->nrest != b->nrest)
		return a->nrest < b->nrest;
	return a->number < b->number;
}

/* Insertion sort of short runs, some of them. */
static void
make_runs(struct order *o)
{
	const size_t end = o->n - o->lo < STEP ? o->n : o->lo + STEP;

	for (; o->lo < end; o->lo += RUN) {
		const size_t to = end - o->lo < RUN ? end : o->lo + RUN;

		for (size_t i = o->lo + 1; i < to; i++) {
			const struct order_entry e = o->v[i];
			size_t k = i;

			for (; k > o->lo && is_before(&e, &o->v[k - 1]); k--)
				o->v[k] = o->v[k - 1];
			o->v[k] = e;
		}
	}
	if (end < o->n)
		return;
	o->width = RUN;
	o->lo = o->i = o->k = 0;
	o->j = o->width;
}

static size_t
at_most(const struct order *o, size_t i)
{
	return i < o->n ? i : o->n;
}

/* The next pair of runs; false: all are merged. */
static bool
next_pair(struct order *o)
{
	o->lo += 2 * o->width;
	if (o->lo >= o->n) {
		struct order_entry *v = o->v;

		o->v = o->to;
		o->to = v;
		o->width *= 2;
		o->lo = 0;
	}
	o->i = o->k = o->lo;
	o->j = at_most(o, o->lo + o->width);
	return o->width < o->n;
}

static void
merge_some(struct order *o)
{
	for (size_t left = STEP; left > 0; left--) {
		const size_t mid = at_most(o, o->lo + o->width);
		const size_t end = at_most(o, o->lo + 2 * o->width);

		if (o->k == end) {
			if (!next_pair(o))
				return;
			continue;
		}
		if (o->i < mid &&
		    (o->j == end || is_before(&o->v[o->i], &o->v[o->j])))
			o->to[o->k++] = o->v[o->i++];
		else
			o->to[o->k++] = o->v[o->j++];
	}
}

bool
order_step(struct order *o)
{
	if (o->width == 0) {
		make_runs(o);
		if (o->width > 0 && o->width < o->n && o->to == NULL)
			/* Both have room for all, as they change places. */
			o->to = xcalloc(o->cap, sizeof *o->to);
	} else if (o->width < o->n) {
		merge_some(o);
	}
	if (o->width == 0 || o->width < o->n)
		return true;
	xfree(&o->to);
	return false;
}

size_t
order_insert(struct order *o, uint32_t number, uint32_t item, struct slice key)
{
	struct order_entry e;
	size_t from = 0, to = o->n;

	compact(o);
	order_add(o, number, item, key);
	e = o->v[o->n - 1];
	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (is_before(&e, &o->v[mid]))
			to = mid;
		else
			from = mid + 1;
	}
	memmove(&o->v[from + 1], &o->v[from], (o->n - 1 - from) * sizeof *o->v);
	o->v[from] = e;
	return from;
}

void
order_remove(struct order *o, size_t i)
{
	o->live_bytes -= o->v[i].nrest;
	o->n--;
	memmove(&o->v[i], &o->v[i + 1], (o->n - i) * sizeof *o->v);
}
