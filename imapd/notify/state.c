/* SPDX-License-Identifier: ISC */
#include "imapd/notify/state.h"
#include "imapd/conf.h"

#include <stdlib.h>

#include "base/mem.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/notify/inner.h"
#include "store/view.h"

enum { TEXT_MAX = 64 << 10 };

struct notify *
notify_state(struct session *s)
{
	struct notify *n = s->notify;

	if (n != NULL)
		return n;
	n = s->notify = xcalloc(1, sizeof *n);
	n->session = s;
	arena_init(&n->arena);
	buf_init(&n->text, TEXT_MAX);
	return n;
}

static void
forget(struct notify *n)
{
	dirwatch_stop(&n->names);
	snapshot_fini(&n->seen);
	arena_fini(&n->arena);
	n->groups = (struct notify_groups){ .n = 0 };
	n->dirty = false;
}

void
notify_free(struct session *s)
{
	if (s->notify == NULL)
		return;
	forget(s->notify);
	buf_fini(&s->notify->text);
	xfree(&s->notify);
}

static void
on_names(struct dirwatch_user *u)
{
	imapd_session_changed(OUTER(u, struct notify, names_user)->session);
}

void
notify_set(
    struct session *s, const struct notify_groups *groups, struct arena *arena)
{
	struct notify *n = notify_state(s);

	forget(n);
	n->active = true;
	n->groups = *groups;
	n->arena = *arena;
	arena_init(arena);
	n->names_user.on_change = on_names;
	if (groups->n > 0)
		n->names = dirwatch_start_names(
		    &n->names_user, imapd_user_account(s->user));
	notify_selected(s);
}

void
notify_set_none(struct session *s)
{
	struct notify *n = notify_state(s);

	forget(n);
	arena_init(&n->arena);
	n->active = true;
}

/* Commands whose own answers come with what happened in the mailbox, and
 * NOTIFY, which implies NOOP (RFC 5465 3.1). */
static bool
answers_so(const struct imapd_command *c)
{
	static const char *const names[] = { "STORE", "UID STORE", "EXPUNGE",
		"UID EXPUNGE", "MOVE", "UID MOVE", "REPLACE", "UID REPLACE",
		"NOTIFY" };

	for (size_t i = 0; c != NULL && i < ARRAY_LEN(names); i++)
		if (slice_is(slice_str(c->name), names[i]))
			return true;
	return false;
}

static bool
wants(const struct session *s, unsigned event)
{
	const struct notify *n = s->notify;

	return n == NULL || !n->active || (n->groups.selected & event) != 0 ||
	       answers_so(s->command);
}

bool
notify_lets_update(const struct session *s)
{
	return wants(s, EVENT_NEW);
}

bool
notify_lets_flags(const struct session *s)
{
	return wants(s, EVENT_FLAGS);
}

bool
notify_wants_uid(const struct session *s)
{
	return s->notify != NULL &&
	       (s->notify->groups.selected & EVENT_FLAGS) != 0;
}

void
notify_selected(struct session *s)
{
	struct notify *n = s->notify;

	if (n == NULL)
		return;
	n->known = s->view != NULL && view_count(s->view) > 0
		       ? view_uid(s->view, view_count(s->view))
		       : 0;
	s->changed = true;
}

uint32_t
notify_limit(void)
{
	return imapd_conf->notify_mailboxes;
}
