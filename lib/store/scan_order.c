/* SPDX-License-Identifier: ISC */
#include "store/scan_order.h"

#include <string.h>

#include "base/mem.h"
#include "maildir/listing.h"

bool
scan_order_by_uid(const struct listing_entry *a, const struct listing_entry *b)
{
	if (a->f.uid != b->f.uid)
		return a->f.uid < b->f.uid;
	return strcmp(a->name, b->name) < 0;
}

bool
scan_order_by_want(const struct listing_entry *a, const struct listing_entry *b)
{
	if (a->want != b->want)
		return a->want - 1 < b->want - 1; /* 0 comes last */
	if (a->time_s != b->time_s)
		return a->time_s < b->time_s;
	return strcmp(a->name, b->name) < 0;
}

void
scan_order_put(struct scan_order *o, struct listing_entry *e)
{
	size_t i = o->n++;

	if (i == o->cap) {
		o->cap = o->cap > 0 ? o->cap * 2 : 64;
		o->v = xreallocarray(o->v, o->cap, sizeof(*o->v));
	}
	for (; i > 0 && o->before(e, o->v[(i - 1) / 2]); i = (i - 1) / 2)
		o->v[i] = o->v[(i - 1) / 2];
	o->v[i] = e;
}

struct listing_entry *
scan_order_first(const struct scan_order *o)
{
	return o->n > 0 ? o->v[0] : NULL;
}

struct listing_entry *
scan_order_take(struct scan_order *o)
{
	struct listing_entry *first = scan_order_first(o), *last;
	size_t i = 0;

	if (first == NULL)
		return NULL;
	last = o->v[--o->n];
	while (2 * i + 1 < o->n) {
		size_t k = 2 * i + 1;

		if (k + 1 < o->n && o->before(o->v[k + 1], o->v[k]))
			k++;
		if (!o->before(o->v[k], last))
			break;
		o->v[i] = o->v[k];
		i = k;
	}
	if (o->n > 0)
		o->v[i] = last;
	return first;
}

void
scan_order_fini(struct scan_order *o)
{
	xfree(&o->v);
	o->n = o->cap = 0;
}
