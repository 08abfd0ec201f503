/* SPDX-License-Identifier: ISC */
#include "imapd/notify/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/notify/groups.h"
#include "imapd/notify/inner.h"
#include "imapd/selected/dirwatch.h"
#include "maildir/name.h"

struct notify_watch {
	struct dirwatch_user user;
	struct dirwatch *files; /* NULL: the kernel has none for us */
	struct session *session;
	bool dirty;
};

static bool
gather(void *arg, const struct mailbox_info *info)
{
	struct snapshot *sn = arg;

	if (sn->n == sn->cap) {
		sn->cap = sn->cap > 0 ? sn->cap * 2 : 32;
		sn->v = xreallocarray(sn->v, sn->cap, sizeof *sn->v);
	}
	sn->v[sn->n] = (struct notify_box){ .info = *info };
	sn->v[sn->n++].info.name = arena_slice(&sn->arena, info->name);
	return true;
}

/* The others were there before. */
static bool
gather_gone(void *arg, const struct mailbox_info *info)
{
	return info->exists || info->children || gather(arg, info);
}

static void
put_state(void *arg, const struct mailbox_state *state)
{
	struct notify_box *b = snapshot_find(arg, state->name);

	if (b == NULL)
		return;
	b->state = *state;
	b->state.name = b->info.name;
}

static int
by_name(const void *pa, const void *pb)
{
	const struct notify_box *a = pa, *b = pb;

	return name_cmp(a->info.name, b->info.name);
}

int
snapshot_take(struct snapshot *sn, struct account *a,
    const struct notify_groups *g, struct err *err)
{
	*sn = (struct snapshot){ .n = 0 };
	arena_init(&sn->arena);
	if (mailbox_list(a, false, gather, sn, err) == -1 ||
	    mailbox_list(a, true, gather_gone, sn, err) == -1) {
		snapshot_fini(sn);
		return -1;
	}
	if (sn->n > 0)
		qsort(sn->v, sn->n, sizeof *sn->v, by_name);
	if (mailbox_states(a, put_state, sn, err) == -1) {
		snapshot_fini(sn);
		return -1;
	}
	for (size_t i = 0; i < sn->n; i++) {
		const struct mailbox_info *info = &sn->v[i].info;

		sn->v[i].events =
		    groups_events(g, info->name, info->subscribed);
		sn->wanted += sn->v[i].events != 0;
	}
	return 0;
}

static void
unwatch(struct notify_box *b)
{
	if (b->watch == NULL)
		return;
	dirwatch_stop(&b->watch->files);
	xfree(&b->watch);
}

void
snapshot_fini(struct snapshot *sn)
{
	for (size_t i = 0; i < sn->n; i++)
		unwatch(&sn->v[i]);
	xfree(&sn->v);
	xfree(&sn->by_id);
	arena_fini(&sn->arena);
	sn->n = sn->cap = sn->wanted = sn->nids = 0;
}

struct notify_box *
snapshot_find(const struct snapshot *sn, struct slice name)
{
	const struct notify_box key = { .info.name = name };

	return sn->n > 0 ? bsearch(&key, sn->v, sn->n, sizeof key, by_name)
			 : NULL;
}

static int
by_id(const void *pa, const void *pb)
{
	const struct notify_box *const *a = pa, *const *b = pb;

	return strcmp((*a)->state.id, (*b)->state.id);
}

/* Most snapshots are compared by names alone. */
static void
order_ids(struct snapshot *sn)
{
	sn->by_id = xcalloc(sn->n + 1, sizeof *sn->by_id);
	for (size_t i = 0; i < sn->n; i++)
		if (sn->v[i].state.id[0] != '\0')
			sn->by_id[sn->nids++] = &sn->v[i];
	qsort(sn->by_id, sn->nids, sizeof *sn->by_id, by_id);
}

struct notify_box *
snapshot_find_id(struct snapshot *sn, const char *id)
{
	struct notify_box key, *const at = &key;
	struct notify_box **found;

	if (id[0] == '\0')
		return NULL;
	if (sn->by_id == NULL)
		order_ids(sn);
	memcpy(key.state.id, id, sizeof key.state.id);
	found = bsearch(&at, sn->by_id, sn->nids, sizeof at, by_id);
	return found != NULL ? *found : NULL;
}

static void
on_files(struct dirwatch_user *u)
{
	struct notify_watch *w = OUTER(u, struct notify_watch, user);

	w->dirty = true;
	w->session->notify->dirty = true;
	imapd_session_changed(w->session);
}

/* What happened before the watch began is looked for once. */
static void
watch(struct notify_box *b, struct session *s)
{
	struct notify_watch *w = xcalloc(1, sizeof *w);

	w->session = s;
	w->user.on_change = on_files;
	w->files =
	    dirwatch_start(&w->user, imapd_user_account(s->user), b->info.name);
	w->dirty = s->notify->dirty = true;
	b->watch = w;
}

void
snapshot_watch(struct snapshot *sn, struct snapshot *was, struct session *s,
    struct slice selected)
{
	for (size_t i = 0; i < sn->n; i++) {
		struct notify_box *b = &sn->v[i];
		struct notify_box *old = snapshot_find(was, b->info.name);
		const bool is_selected =
		    selected.p != NULL && slice_eq(b->info.name, selected);

		if (!b->info.exists ||
		    ((b->events & EVENTS_MESSAGE) == 0 && !is_selected))
			continue;
		/* Another directory of that name is watched anew. */
		if (old != NULL && old->watch != NULL &&
		    strcmp(old->state.id, b->state.id) == 0) {
			b->watch = old->watch;
			old->watch = NULL;
		} else {
			watch(b, s);
		}
	}
}

bool
snapshot_is_dirty(const struct notify_box *b)
{
	return b->watch != NULL && b->watch->dirty;
}

void
snapshot_clean(struct notify_box *b)
{
	b->watch->dirty = false;
}
