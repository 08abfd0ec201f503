/* SPDX-License-Identifier: ISC */
#include "conf/param.h"

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

/* Letters to add, drop or change to make B of A (Levenshtein). */
static unsigned
distance(struct slice a, struct slice b)
{
	unsigned row[NAME_MAX_LEN + 1];

	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			const unsigned above = row[j];
			const unsigned same = a.p[i - 1] == b.p[j - 1];

			row[j] =
			    min3(above + 1, row[j - 1] + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[b.n];
}

const char *
conf_param_nearest(const struct conf_desc *d, struct slice name)
{
	const char *best = NULL;
	unsigned least = (unsigned)(name.n / 3) + 1;

	if (name.n > NAME_MAX_LEN)
		return NULL;
	for (; d != NULL; d = d->base) {
		for (size_t i = 0; i < d->nparams; i++) {
			const struct slice s = slice_str(d->params[i].name);
			unsigned n;

			if (s.n > NAME_MAX_LEN)
				continue;
			n = distance(name, s);
			if (n <= least) {
				least = n - (n > 0);
				best = d->params[i].name;
			}
		}
	}
	return best;
}

bool
conf_nets_match(const struct conf_nets *nets, const struct addr *a)
{
	for (size_t i = 0; i < nets->n; i++)
		if (cidr_match(&nets->v[i], a))
			return true;
	return false;
}

bool
conf_list_has(const struct conf_list *list, struct slice word)
{
	for (size_t i = 0; i < list->n; i++)
		if (slice_iis(word, list->v[i]))
			return true;
	return false;
}
