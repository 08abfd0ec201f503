/* SPDX-License-Identifier: ISC */
#include "imapd/relay/guest.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conn/client.h"
#include "imapd/conn/user.h"
#include "imapd/relay/names.h"

enum { PREFIX_MAX = 2048, GROUPS_MOST = 100 };

static struct slice
copy(struct slice s)
{
	return slice_of(xslicedup(s), s.n);
}

static struct guest *
guest_new(struct slice name, struct slice owner, struct slice groups)
{
	struct guest *g = xcalloc(1, sizeof *g);
	struct buf b;

	buf_init(&b, PREFIX_MAX);
	names_put(&b, owner, name);
	buf_addc(&b, '/');
	g->name = copy(name);
	g->prefix = copy(buf_slice(&b));
	buf_fini(&b);
	g->groups = xcalloc(GROUPS_MOST, sizeof *g->groups);
	while (groups.n > 0 && g->ngroups < GROUPS_MOST)
		g->groups[g->ngroups++] =
		    copy(slice_cut(groups, '\n', &groups));
	return g;
}

const struct guest *
guest_of(const struct session *s)
{
	return client_of(s)->guest;
}

void
guest_begin(struct session *s, struct slice name, struct slice groups)
{
	client_of(s)->guest =
	    guest_new(name, slice_str(imapd_user_name(s->user)), groups);
	client_of(s)->text.unasked = true;
}

void
guest_end(struct session *s)
{
	struct guest *g = client_of(s)->guest;

	if (g == NULL)
		return;
	free((void *)(uintptr_t)g->name.p);
	free((void *)(uintptr_t)g->prefix.p);
	for (size_t i = 0; i < g->ngroups; i++)
		free((void *)(uintptr_t)g->groups[i].p);
	xfree(&g->groups);
	xfree(&client_of(s)->guest);
}
