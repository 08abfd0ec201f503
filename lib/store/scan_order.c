/* SPDX-License-Identifier: ISC */
#include "store/scan_order.h"

#include <string.h>

#include "base/mem.h"
#include "maildir/listing.h"

enum {
	CACHE_LINE = 64,
	WAYS = 4, /* below each place: as many as a line has */
};

static uint32_t
uid_of(const struct listing_entry *e)
{
	return e->uid;
}

static bool
by_name(const struct listing_entry *a, const struct listing_entry *b)
{
	return strcmp(a->name, b->name) < 0;
}

static uint32_t
want_of(const struct listing_entry *e)
{
	return e->want - 1; /* 0 comes last */
}

static bool
by_time(const struct listing_entry *a, const struct listing_entry *b)
{
	return a->time_s != b->time_s ? a->time_s < b->time_s : by_name(a, b);
}

const struct scan_order_by scan_order_by_uid = { uid_of, by_name };
const struct scan_order_by scan_order_by_want = { want_of, by_time };

static bool
is_before(const struct scan_order *o, const struct scan_order_place *a,
    const struct scan_order_place *b)
{
	return a->key != b->key ? a->key < b->key : o->by->before(a->e, b->e);
}

void
scan_order_put(struct scan_order *o, struct listing_entry *e)
{
	const struct scan_order_place place = { e, o->by->key(e) };
	size_t i = o->n++;

	if (i == o->cap) {
		o->cap = o->cap > 0 ? o->cap * 2 : 64;
		o->v = xreallocarray(o->v, o->cap, sizeof(*o->v));
	}
	for (; i > 0 && is_before(o, &place, &o->v[(i - 1) / WAYS]);
	     i = (i - 1) / WAYS)
		o->v[i] = o->v[(i - 1) / WAYS];
	o->v[i] = place;
}

struct listing_entry *
scan_order_first(const struct scan_order *o)
{
	return o->n > 0 ? o->v[0].e : NULL;
}

/* The first of those that have one above them, FROM on. */
static size_t
first_below(const struct scan_order *o, size_t from)
{
	const size_t end = from + WAYS < o->n ? from + WAYS : o->n;
	size_t k = from;

	for (size_t i = from + 1; i < end; i++)
		if (is_before(o, &o->v[i], &o->v[k]))
			k = i;
	return k;
}

/* They lie in memory as they were read, so each would be waited for: E, which
 * is asked for next, is on its way while the one before it is at work. */
static void
fetch(const struct listing_entry *e)
{
	/* Its name lies behind it (maildir/listing.c). */
	for (size_t at = 0; at < sizeof *e + CACHE_LINE; at += CACHE_LINE)
		__builtin_prefetch((const char *)e + at);
}

struct listing_entry *
scan_order_take(struct scan_order *o)
{
	struct listing_entry *first = scan_order_first(o);
	struct scan_order_place last;
	size_t i = 0;

	if (first == NULL)
		return NULL;
	last = o->v[--o->n];
	while (WAYS * i + 1 < o->n) {
		const size_t k = first_below(o, WAYS * i + 1);

		if (!is_before(o, &o->v[k], &last))
			break;
		o->v[i] = o->v[k];
		i = k;
	}
	if (o->n > 0) {
		o->v[i] = last;
		fetch(o->v[0].e);
	}
	return first;
}

void
scan_order_fini(struct scan_order *o)
{
	xfree(&o->v);
	o->n = o->cap = 0;
}
