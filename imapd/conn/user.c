/* SPDX-License-Identifier: ISC */
#include "imapd/conn/user.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/quota.h"
#include "ev/loop.h"
#include "ev/work.h"
#include "fulltext/keeper.h"
#include "imapd/conf.h"
#include "imapd/conn/mimelimits.h"
#include "imapd/conn/session.h"
#include "imapd/script/events.h"
#include "ipc/ipc.h"
#include "ipc/place.h"
#include "log/metric.h"
#include "store/account.h"
#include "store/store.h"
#include "store/usage.h"

struct user {
	char *home;
	char *name; /* user@domain, for the log */
	struct quota quota;
	bool news; /* master is to hear of what was changed here */
	struct account *account;
	struct account_watch watch;
	struct ev_task changed;  /* tell the sessions, at the turn's end */
	struct work_share share; /* of the time that the loop has */
	LIST_HEAD(, session) sessions;
	unsigned nsessions;
	struct keeper *keeper; /* of its full-text index */
	struct keeper_owner owner;
	struct events *events; /* for scripts */
	struct events_owner events_owner;
};

static struct {
	struct store *store;
	const char *place;
	struct map by_home;
	unsigned sessions;
	bool stopping;
	bool hearing; /* of what others changed: master knows of it */
} users;

static struct metric sessions_now = {
	.name = "pabal_imapd_sessions",
	.help = "Sessions open now.",
	.type = METRIC_GAUGE,
};

void
imapd_users_init(struct store *store, const char *place)
{
	users.store = store;
	users.place = place;
	map_init(&users.by_home);
	metric_register(&sessions_now);
}

struct store *
imapd_store(void)
{
	return users.store;
}

bool
imapd_users_busy(void)
{
	/* At the end store_free sees to it; an index can wait. */
	return users.sessions > 0 ||
	       (!users.stopping &&
		   (store_is_behind(users.store) || events_any()));
}

/* A session does not end inside BYE: it ends when that was sent. */
void
imapd_users_bye(const char *why)
{
	struct map_iter it = { 0 };

	users.stopping = true;
	while (map_next(&users.by_home, &it)) {
		struct user *u = it.value;
		struct session *s;

		LIST_FOREACH(s, &u->sessions, link)
		imapd_session_stop(s, why);
		imapd_user_idle(u);
	}
}

/* Sessions of the account may be parked, and mail for a full one is refused.
 */
static void
tell_master(struct user *u)
{
	struct account_usage usage = { .max = { 0, 0 } };
	const bool counted = u->news && quota_is_limited(&u->quota) &&
			     account_usage(u->account, &usage, NULL) == 0;

	if (u->news && (imapd_conf->park_after > 0 || counted))
		IPC_POST(ipc_master(), master_changed,
		    .account = slice_str(u->name), .home = slice_str(u->home),
		    .counted = counted, .bytes = usage.used.bytes,
		    .messages = usage.used.messages);
	u->news = false;
}

static void
on_changed(struct ev_task *task)
{
	struct user *u = OUTER(task, struct user, changed);
	struct session *s, *next;

	tell_master(u);
	for (s = LIST_FIRST(&u->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, link);
		imapd_session_changed(s);
	}
}

static enum keeper_when
index_when(const struct keeper_owner *o)
{
	(void)o;
	switch (imapd_conf->fulltext) {
	case IMAPD_FULLTEXT_NO:
		return KEEPER_NEVER;
	case IMAPD_FULLTEXT_ALWAYS:
		return KEEPER_ALWAYS;
	case IMAPD_FULLTEXT_SEARCHED:
		break;
	}
	return KEEPER_WANTED;
}

static struct mime_limits
index_limits(const struct keeper_owner *o)
{
	(void)o;
	return imapd_mime_limits();
}

static void
on_rest(struct keeper_owner *o)
{
	imapd_user_idle(OUTER(o, struct user, owner));
}

static void
on_events_rest(struct events_owner *o)
{
	imapd_user_idle(OUTER(o, struct user, events_owner));
}

static void
on_watch(struct account_watch *w)
{
	struct user *u = OUTER(w, struct user, watch);

	keeper_changed(u->keeper);
	u->news |= !users.hearing;
	ev_task_queue(&u->changed);
}

static void
set_quota(struct user *u, const struct quota *quota)
{
	u->quota = *quota;
	account_set_owner(u->account, slice_str(u->name), quota);
}

struct user *
imapd_user_open(const char *home, const char *name, const struct quota *quota,
    bool back, struct err *err)
{
	struct user *u = map_find(&users.by_home, slice_str(home));
	struct account *a;
	struct slice path;

	if (u != NULL && !back)
		set_quota(u, quota);
	if (u != NULL)
		return u;
	if (!place_rest(slice_str(users.place), slice_str(home), &path)) {
		err_set(err, ERR_PERM, "the account is not in this process");
		return NULL;
	}
	/* The rest of a string is one. */
	if (store_account_ensure(users.store, path.p, &a, err) != FOUND)
		return NULL;
	u = xcalloc(1, sizeof *u);
	u->account = a;
	u->home = xstrdup(home);
	u->name = xstrdup(name);
	set_quota(u, quota);
	LIST_INIT(&u->sessions);
	work_share_init(&u->share);
	ev_task_init(&u->changed, on_changed);
	u->watch.on_change = on_watch;
	u->owner = (struct keeper_owner){
		.when = index_when, .limits = index_limits, .on_rest = on_rest
	};
	u->keeper = keeper_new(a, u->name, &u->owner);
	u->events_owner.on_rest = on_events_rest;
	u->events = events_new(a, u->name, &u->events_owner);
	account_watch(a, &u->watch);
	map_put(&users.by_home, slice_str(home), u);
	return u;
}

void
imapd_user_idle(struct user *u)
{
	if (u->nsessions > 0 ||
	    (!users.stopping &&
		(keeper_is_busy(u->keeper) || events_are_busy(u->events))))
		return;
	tell_master(u);
	map_del(&users.by_home, slice_str(u->home));
	ev_task_cancel(&u->changed);
	account_unwatch(&u->watch);
	keeper_free(&u->keeper);
	events_free(&u->events);
	account_close(&u->account);
	xfree(&u->home);
	xfree(&u->name);
	xfree(&u);
}

void
imapd_user_add(struct user *u, struct session *s)
{
	LIST_INSERT_HEAD(&u->sessions, s, link);
	u->nsessions++;
	metric_set(&sessions_now, ++users.sessions);
}

void
imapd_user_remove(struct session *s)
{
	struct user *u = s->user;

	LIST_REMOVE(s, link);
	u->nsessions--;
	metric_set(&sessions_now, --users.sessions);
	imapd_user_idle(u);
}

struct session *
imapd_user_sessions(const struct user *u)
{
	return LIST_FIRST(&u->sessions);
}

struct work_share *
imapd_user_share(struct user *u)
{
	return &u->share;
}

struct keeper *
imapd_user_keeper(const struct user *u)
{
	return u->keeper;
}

struct events *
imapd_user_events(const struct user *u)
{
	return u->events;
}

struct account *
imapd_user_account(const struct user *u)
{
	return u->account;
}

const char *
imapd_user_name(const struct user *u)
{
	return u->name;
}

const char *
imapd_user_home(const struct user *u)
{
	return u->home;
}

const struct quota *
imapd_user_quota(const struct user *u)
{
	return &u->quota;
}

unsigned
imapd_user_count(const struct user *u, struct slice address)
{
	const struct session *s;
	unsigned n = 0;

	LIST_FOREACH(s, &u->sessions, link)
	n += slice_is(address, s->address);
	return n;
}

void
imapd_users_each(void (*each)(struct session *s))
{
	struct map_iter it = { 0 };

	while (map_next(&users.by_home, &it)) {
		const struct user *u = it.value;
		struct session *s, *next;

		for (s = LIST_FIRST(&u->sessions); s != NULL; s = next) {
			next = LIST_NEXT(s, link);
			each(s);
		}
	}
}

void
imapd_users_look(void)
{
	imapd_users_each(imapd_session_changed);
}

void
imapd_users_changed(const char *home)
{
	const struct user *u = map_find(&users.by_home, slice_str(home));

	if (u == NULL)
		return;
	users.hearing = true;
	store_changed(users.store, account_path(u->account));
	users.hearing = false;
}
