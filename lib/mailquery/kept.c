/* SPDX-License-Identifier: ISC */
#include "mailquery/kept.h"

#include <stdlib.h>

#include "base/mem.h"

enum { RESULTS = 4 };

static struct {
	char *name;
	size_t name_n;
	uint64_t state, used;
	uint64_t *ids;
	size_t n;
} results[RESULTS];

static uint64_t clock_ticks; /* goes up with each use */

const uint64_t *
kept_find(struct slice name, uint64_t state, size_t *n)
{
	for (size_t i = 0; i < RESULTS; i++)
		if (results[i].ids != NULL && results[i].state == state &&
		    slice_eq(
			name, slice_of(results[i].name, results[i].name_n))) {
			results[i].used = ++clock_ticks;
			*n = results[i].n;
			return results[i].ids;
		}
	return NULL;
}

static void
drop(size_t i)
{
	xfree(&results[i].name);
	xfree(&results[i].ids);
	results[i].used = 0;
}

void
kept_put(struct slice name, uint64_t state, uint64_t **ids, size_t n)
{
	size_t at = 0;

	for (size_t i = 1; i < RESULTS; i++)
		if (results[i].used < results[at].used)
			at = i;
	drop(at);
	results[at].name = xslicedup(name);
	results[at].name_n = name.n;
	results[at].state = state;
	results[at].used = ++clock_ticks;
	results[at].ids = *ids;
	results[at].n = n;
	*ids = NULL;
}

void
kept_forget(void)
{
	for (size_t i = 0; i < RESULTS; i++)
		drop(i);
}
