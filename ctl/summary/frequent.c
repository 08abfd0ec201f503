/* SPDX-License-Identifier: ISC */
#include "ctl/summary/frequent.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NAME_MAX_BYTES = 250 };

void
frequent_init(struct frequent *f, size_t max)
{
	*f = (struct frequent){ .max = max };
	map_init(&f->names);
	heap_init(&f->heap);
}

void
frequent_fini(struct frequent *f)
{
	frequent_trim(f, 0);
	map_fini(&f->names);
	heap_fini(&f->heap);
}

/* Take out the rarest name; its count. */
static int64_t
drop(struct frequent *f)
{
	struct frequent_name *e =
	    OUTER(heap_first(&f->heap), struct frequent_name, node);
	const int64_t count = e->node.key;

	heap_del(&f->heap, &e->node);
	(void)map_del(&f->names, slice_of(e->text, e->n));
	free(e);
	return count;
}

void
frequent_trim(struct frequent *f, size_t n)
{
	while (f->heap.n > n)
		(void)drop(f);
	f->max = n;
}

void
frequent_add(struct frequent *f, struct slice name)
{
	struct frequent_name *e;
	int64_t before = 0;

	name = slice_sub(name, 0, NAME_MAX_BYTES);
	e = map_find(&f->names, name);
	if (e != NULL) {
		heap_put(&f->heap, &e->node, e->node.key + 1);
		return;
	}
	if (f->max == 0)
		return;
	if (f->heap.n >= f->max)
		before = drop(f);
	e = xcalloc(1, sizeof *e + name.n + 1);
	e->over = before;
	e->n = name.n;
	if (name.n > 0)
		memcpy(e->text, name.p, name.n);
	map_put(&f->names, name, e);
	heap_put(&f->heap, &e->node, before + 1);
}

static int
more_first(const void *a, const void *b)
{
	const struct frequent_name *const *x = a, *const *y = b;

	if ((*x)->node.key != (*y)->node.key)
		return (*x)->node.key < (*y)->node.key ? 1 : -1;
	return strcmp((*x)->text, (*y)->text);
}

size_t
frequent_most(
    const struct frequent *f, const struct frequent_name **out, size_t n)
{
	const size_t all = f->heap.n;
	const struct frequent_name **v = xcalloc(all + 1, sizeof *v);

	for (size_t i = 0; i < all; i++)
		v[i] =
		    OUTER(f->heap.nodes[i], const struct frequent_name, node);
	qsort(v, all, sizeof *v, more_first);
	if (n > all)
		n = all;
	memcpy(out, v, n * sizeof *v);
	free(v);
	return n;
}
