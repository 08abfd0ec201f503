/* SPDX-License-Identifier: ISC */
#include "imapd/notify/groups.h"

#include <stdlib.h>

#include "maildir/name.h"

static int
by_name(const void *pa, const void *pb)
{
	const struct slice *a = pa, *b = pb;

	return name_cmp(*a, *b);
}

static bool
has_name(const struct notify_group *g, struct slice name)
{
	return g->n > 0 &&
	       bsearch(&name, g->names, g->n, sizeof name, by_name) != NULL;
}

/* NAME itself, or what it is below. */
static bool
has_above(const struct notify_group *g, struct slice name)
{
	while (!has_name(g, name)) {
		const size_t slash = slice_rfind(name, '/');

		if (slash == name.n)
			return false;
		name = slice_sub(name, 0, slash);
	}
	return true;
}

static bool
has(const struct notify_group *g, struct slice name, bool subscribed)
{
	switch (g->filter) {
	case FILTER_PERSONAL:
		return true;
	case FILTER_SUBSCRIBED:
		return subscribed;
	case FILTER_SUBTREE:
		return has_above(g, name);
	case FILTER_MAILBOXES:
		return has_name(g, name);
	}
	return false;
}

void
groups_order(struct notify_group *g)
{
	if (g->n > 0)
		qsort(g->names, g->n, sizeof *g->names, by_name);
}

unsigned
groups_events(const struct notify_groups *g, struct slice name, bool subscribed)
{
	for (size_t i = 0; i < g->n; i++)
		if (has(&g->v[i], name, subscribed))
			return g->v[i].events;
	return 0;
}

bool
groups_want(const struct notify_groups *g, unsigned event)
{
	for (size_t i = 0; i < g->n; i++)
		if ((g->v[i].events & event) != 0)
			return true;
	return false;
}
