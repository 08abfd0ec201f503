/* SPDX-License-Identifier: ISC */
#include "conf/param.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "conf/find.h"
#include "conf/values.h"
#include "sys/addr.h"

const struct conf_param *
conf_param_find(const struct conf_desc *d, struct slice name)
{
	for (; d != NULL; d = d->base)
		for (size_t i = 0; i < d->nparams; i++)
			if (slice_is(name, d->params[i].name))
				return &d->params[i];
	return NULL;
}

enum { NAME_MAX_LEN = 48 };

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	const unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to add, drop, change, or swap with the next to make B of A
 * (Damerau and Levenshtein). */
static unsigned
distance(struct slice a, struct slice b)
{
	unsigned rows[3][NAME_MAX_LEN + 1];

	for (unsigned j = 0; j <= b.n; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i - 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
			    above[j - 1] + (a.p[i - 1] != b.p[j - 1]));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				row[j] = min3(row[j], row[j],
				    rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[a.n % 3][b.n];
}

void
conf_nearest_try(struct conf_nearest *near, const char *word)
{
	const struct slice s = slice_str(word);
	const unsigned most = (unsigned)(near->name.n / 3) + 1;
	unsigned n;

	if (near->name.n > NAME_MAX_LEN || s.n > NAME_MAX_LEN)
		return;
	n = distance(near->name, s);
	if (n < (near->best != NULL ? near->least : most + 1)) {
		near->least = n;
		near->best = word;
	}
}

const char *
conf_param_nearest(const struct conf_desc *d, struct slice name)
{
	struct conf_nearest near = { .name = name };

	for (; d != NULL; d = d->base)
		for (size_t i = 0; i < d->nparams; i++)
			conf_nearest_try(&near, d->params[i].name);
	return near.best;
}

bool
conf_nets_match(const struct conf_nets *nets, const struct addr *a)
{
	for (size_t i = 0; i < nets->n; i++)
		if (addr_cidr_match(&nets->v[i], a))
			return true;
	return false;
}

static int
compare(struct slice a, struct slice b)
{
	const size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return ascii_lower(a.p[i]) < ascii_lower(b.p[i]) ? -1
									 : 1;
	return a.n < b.n ? -1 : a.n > b.n;
}

static int
by_word(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return compare(slice_str(*x), slice_str(*y));
}

void
conf_list_sort(struct conf_list *list, struct arena *a)
{
	list->sorted = arena_alloc(a, (list->n + 1) * sizeof *list->sorted);
	for (size_t i = 0; i < list->n; i++)
		list->sorted[i] = list->v[i];
	qsort(list->sorted, list->n, sizeof *list->sorted, by_word);
}

static bool
sorted_has(const struct conf_list *list, struct slice word)
{
	size_t from = 0, to = list->n;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		const int c = compare(word, slice_str(list->sorted[mid]));

		if (c == 0)
			return true;
		if (c < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return false;
}

bool
conf_list_has(const struct conf_list *list, struct slice word)
{
	if (list->sorted != NULL)
		return sorted_has(list, word);
	for (size_t i = 0; i < list->n; i++)
		if (slice_iis(word, list->v[i]))
			return true;
	return false;
}
