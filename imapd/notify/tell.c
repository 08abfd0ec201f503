/* SPDX-License-Identifier: ISC */
/* What is told is what differs between what the session knows (seen) and what
 * there is: nobody has to say what happened, and much at once is told once. */
#include "imapd/notify/tell.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/notify/inner.h"
#include "imapd/notify/state.h"
#include "imapd/parse/boxtext.h"
#include "log/log.h"
#include "maildir/name.h"
#include "maildir/specialword.h"
#include "store/mailbox.h"
#include "store/view.h"

static struct slice
selected_name(const struct session *s)
{
	return s->view != NULL ? mailbox_name(view_mailbox(s->view))
			       : (struct slice){ NULL, 0 };
}

/* ---- responses ---- */

/* WAS: the name that it had (RFC 5465 5.4); .p NULL: the same. */
static void
put_list(struct session *s, const struct mailbox_info *info, struct slice was)
{
	struct buf *out = imapd_out(s);

	buf_adds(out, "* LIST (");
	buf_adds(out, info->children ? "\\HasChildren" : "\\HasNoChildren");
	buf_adds(out, info->exists     ? ""
		      : info->children ? " \\Noselect"
				       : " \\NonExistent");
	buf_adds(out, info->subscribed ? " \\Subscribed" : "");
	specialword_put(out, info->special);
	buf_addf(out, ") \"%c\" ", boxtext_delimiter());
	boxtext_add(out, s, info->name);
	if (was.p != NULL) {
		buf_adds(out, " (\"OLDNAME\" (");
		boxtext_add(out, s, was);
		buf_adds(out, "))");
	}
	buf_adds(out, "\r\n");
}

enum status_items { STATUS_COUNTS = 1, STATUS_FLAGS = 2, STATUS_ALL = 3 };

static void
put_status(struct session *s, const struct mailbox_state *st, unsigned items)
{
	const bool modseq =
	    (items & STATUS_FLAGS) != 0 ||
	    (s->enabled & (ENABLED_CONDSTORE | ENABLED_QRESYNC)) != 0;
	struct buf *out = imapd_out(s);

	buf_adds(out, "* STATUS ");
	boxtext_add(out, s, st->name);
	buf_adds(out, " (");
	if ((items & STATUS_COUNTS) != 0)
		buf_addf(
		    out, "MESSAGES %u UIDNEXT %u", st->messages, st->uidnext);
	if (items == STATUS_ALL)
		buf_addc(out, ' ');
	if ((items & STATUS_FLAGS) != 0)
		buf_addf(out, "UIDVALIDITY %u UNSEEN %u", st->uidvalidity,
		    st->unseen);
	if (modseq)
		buf_addf(out, " HIGHESTMODSEQ %llu",
		    (unsigned long long)st->highestmodseq);
	buf_adds(out, ")\r\n");
}

/* ---- what differs ---- */

static void
tell_messages(struct session *s, const struct notify_box *was,
    const struct notify_box *now)
{
	static const struct mailbox_state none = { .uidnext = 1 };
	const struct mailbox_state *a = was != NULL ? &was->state : &none;
	const struct mailbox_state *b = &now->state;

	if ((now->events & EVENTS_MESSAGE) == 0 || b->id[0] == '\0' ||
	    slice_eq(now->info.name, selected_name(s)))
		return;
	if (a->uidnext == 0)
		a = &none;
	if (b->messages != a->messages || b->uidnext != a->uidnext)
		put_status(s, b,
		    a->uidvalidity != b->uidvalidity && a != &none
			? STATUS_ALL
			: STATUS_COUNTS);
	else if (b->highestmodseq != a->highestmodseq && a != &none &&
		 (now->events & EVENT_FLAGS) != 0)
		put_status(s, b, STATUS_FLAGS);
}

/* The name is in use, and was not, or not for this mailbox. */
static void
tell_new(struct session *s, struct snapshot *seen, const struct notify_box *now)
{
	const struct notify_box *was = snapshot_find_id(seen, now->state.id);
	const unsigned events = now->events | (was != NULL ? was->events : 0);
	const bool renamed =
	    was != NULL && !slice_eq(was->info.name, now->info.name);

	if ((events & EVENT_NAME) != 0)
		put_list(s, &now->info,
		    renamed ? was->info.name : (struct slice){ NULL, 0 });
	tell_messages(s, was, now);
}

static void
tell_gone(struct session *s, struct snapshot *now, const struct notify_box *was)
{
	struct mailbox_info info = { .name = was->info.name };
	const struct notify_box *still = snapshot_find(now, info.name);

	/* It has another name, which is told. */
	if ((was->events & EVENT_NAME) == 0 ||
	    snapshot_find_id(now, was->state.id) != NULL)
		return;
	if (still != NULL)
		info = still->info;
	put_list(s, &info, (struct slice){ NULL, 0 });
}

static bool
is_same(const struct mailbox_state *a, const struct mailbox_state *b)
{
	return a->id[0] == '\0' || b->id[0] == '\0' ||
	       strcmp(a->id, b->id) == 0;
}

static void
tell_both(struct session *s, struct snapshot *seen, struct snapshot *now,
    const struct notify_box *a, const struct notify_box *b)
{
	const unsigned events = a->events | b->events;

	if (b->info.exists &&
	    (!a->info.exists || !is_same(&a->state, &b->state))) {
		tell_new(s, seen, b);
		return;
	}
	if (a->info.exists && !b->info.exists)
		tell_gone(s, now, a);
	else if (a->info.subscribed != b->info.subscribed &&
		 (events & EVENT_SUBSCRIPTION) != 0)
		put_list(s, &b->info, (struct slice){ NULL, 0 });
	if (b->info.exists)
		tell_messages(s, a, b);
}

static void
tell_one(struct session *s, struct snapshot *seen, struct snapshot *now,
    const struct notify_box *a, const struct notify_box *b)
{
	if (a != NULL && b != NULL) {
		tell_both(s, seen, now, a, b);
	} else if (b != NULL) {
		if (b->info.exists)
			tell_new(s, seen, b);
		else if (b->info.subscribed &&
			 (b->events & EVENT_SUBSCRIPTION) != 0)
			put_list(s, &b->info, (struct slice){ NULL, 0 });
	} else if (a->info.exists) {
		tell_gone(s, now, a);
	} else if (a->info.subscribed &&
		   (a->events & EVENT_SUBSCRIPTION) != 0) {
		put_list(s, &(struct mailbox_info){ .name = a->info.name },
		    (struct slice){ NULL, 0 });
	}
}

static void
tell_differences(struct session *s, struct snapshot *seen, struct snapshot *now)
{
	size_t i = 0, k = 0;

	while (i < seen->n || k < now->n) {
		const struct notify_box *a = i < seen->n ? &seen->v[i] : NULL;
		const struct notify_box *b = k < now->n ? &now->v[k] : NULL;
		const int c = a == NULL ? 1
			      : b == NULL
				  ? -1
				  : name_cmp(a->info.name, b->info.name);

		i += c <= 0;
		k += c >= 0;
		tell_one(s, seen, now, c <= 0 ? a : NULL, c >= 0 ? b : NULL);
	}
}

/* ---- looking ---- */

/* Take in what other programs did in B.  1: there is more. */
static int
look_into(struct session *s, struct notify_box *b, bool make)
{
	struct mailbox *m;
	bool more = false;

	if ((b->state.id[0] == '\0' && !make) ||
	    slice_eq(b->info.name, selected_name(s)) ||
	    mailbox_open(imapd_user_account(s->user), b->info.name, &m, NULL) !=
		FOUND) {
		snapshot_clean(b);
		return 0;
	}
	do
		if (mailbox_sync_some(m, false, &more, NULL) == -1)
			more = false;
	while (more && !work_spent());
	mailbox_close(&m);
	if (!more)
		snapshot_clean(b);
	return more;
}

/* True: call again. */
static bool
look(struct session *s, bool make)
{
	struct notify *n = s->notify;

	for (size_t i = 0; n->dirty && i < n->seen.n; i++)
		if (snapshot_is_dirty(&n->seen.v[i]) &&
		    (look_into(s, &n->seen.v[i], make) != 0 || work_spent()))
			return true;
	n->dirty = false;
	return false;
}

static struct slice
watched_name(const struct session *s)
{
	return s->notify->groups.selected != 0 ? selected_name(s)
					       : (struct slice){ NULL, 0 };
}

static int
take(struct session *s, const struct notify_groups *groups,
    struct snapshot *now, struct err *err)
{
	if (snapshot_take(now, imapd_user_account(s->user), groups, err) == -1)
		return -1;
	if (now->wanted <= notify_limit())
		return 0;
	snapshot_fini(now);
	return err_set_code(err, ERR_PERM, ERR_LIMIT, "too many mailboxes");
}

int
notify_fits(
    struct session *s, const struct notify_groups *groups, struct err *err)
{
	struct snapshot now;

	if (take(s, groups, &now, err) == -1)
		return -1;
	snapshot_fini(&now);
	return 0;
}

/* What is there now is what is known; -1: not all that is wanted can be. */
static int
renew(struct session *s, bool tell, struct err *err)
{
	struct notify *n = s->notify;
	struct snapshot now;

	s->changed = false;
	if (take(s, &n->groups, &now, err) == -1)
		return -1;
	snapshot_watch(&now, &n->seen, s, watched_name(s));
	if (tell)
		tell_differences(s, &n->seen, &now);
	snapshot_fini(&n->seen);
	n->seen = now;
	return 0;
}

/* Whoever is told no more is told so (RFC 5465 5.8). */
static void
give_up(struct session *s)
{
	imapd_untagged(s, "OK [NOTIFICATIONOVERFLOW] too much happens");
	if (s->notify->active)
		notify_set_none(s);
	buf_fini(&s->notify->text);
}

bool
notify_tell(struct session *s)
{
	struct notify *n = s->notify;
	struct err err = { 0 };

	if (n == NULL)
		return false;
	if (imapd_is_full(s))
		return n->text.n > 0 || s->changed;
	if (n->text.failed) {
		give_up(s);
		return false;
	}
	buf_add(imapd_out(s), buf_slice(&n->text));
	buf_fini(&n->text);
	if (!n->active || (n->groups.n == 0 && n->groups.selected == 0) ||
	    !s->changed)
		return false;
	if (look(s, false))
		return true;
	if (renew(s, true, &err) == -1) {
		if (err.class != ERR_PERM)
			log_err("imapd.command-failed", kv_s("sid", s->sid),
			    kv_s("account", imapd_user_name(s->user)),
			    kv_s("what", "notify"), kv_s("why", err.text));
		else
			give_up(s);
	}
	/* A watch that has begun has something to look for. */
	s->changed = s->changed || n->dirty;
	return n->dirty;
}

int
notify_begin(struct session *s, bool status, struct err *err)
{
	struct notify *n = s->notify;

	if (n->seen.n == 0 && renew(s, false, err) == -1)
		return -1;
	if (look(s, status))
		return 1;
	if (renew(s, false, err) == -1)
		return -1;
	for (size_t i = 0; status && i < n->seen.n; i++) {
		const struct notify_box *b = &n->seen.v[i];

		if ((b->events & EVENTS_MESSAGE) != 0 && b->info.exists &&
		    b->state.id[0] != '\0' &&
		    !slice_eq(b->info.name, selected_name(s)))
			put_status(s, &b->state,
			    (b->events & EVENT_FLAGS) != 0 ? STATUS_ALL
							   : STATUS_COUNTS);
	}
	return 0;
}
