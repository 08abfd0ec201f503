/* SPDX-License-Identifier: ISC */
#include "imapd/notify/groups.h"

#include "maildir/name.h"

static bool
has_name(const struct notify_group *g, struct slice name)
{
	for (size_t i = 0; i < g->n; i++)
		if (slice_eq(g->names[i], name) ||
		    (g->filter == FILTER_SUBTREE &&
			name_below(name, g->names[i])))
			return true;
	return false;
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
	case FILTER_MAILBOXES:
		return has_name(g, name);
	}
	return false;
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
