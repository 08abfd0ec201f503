/* SPDX-License-Identifier: ISC */
#include "imapd/user.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "imapd/session.h"
#include "log/metric.h"
#include "store/store.h"

struct user {
	struct account *account;
	struct account_watch watch;
	struct ev_task changed; /* tell the sessions, at the turn's end */
	LIST_HEAD(, session) sessions;
	unsigned nsessions;
};

static struct {
	struct store *store;
	struct map by_path;
	unsigned sessions;
} users;

static struct metric sessions_now = {
	.name = "pabal_imapd_sessions",
	.help = "Sessions open now.",
	.type = METRIC_GAUGE,
};

void
imapd_users_init(struct store *store)
{
	users.store = store;
	map_init(&users.by_path);
	metric_register(&sessions_now);
}

struct store *
imapd_store(void)
{
	return users.store;
}

unsigned
imapd_users_sessions(void)
{
	return users.sessions;
}

/* A session does not end inside BYE: it ends when that was sent. */
void
imapd_users_bye(const char *why)
{
	struct map_iter it = { 0 };

	while (map_next(&users.by_path, &it)) {
		struct user *u = it.value;
		struct session *s;

		LIST_FOREACH(s, &u->sessions, link)
		imapd_bye(s, why);
	}
}

static void
on_changed(struct ev_task *task)
{
	struct user *u = OUTER(task, struct user, changed);
	struct session *s, *next;

	for (s = LIST_FIRST(&u->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, link);
		imapd_session_changed(s);
	}
}

static void
on_watch(struct account_watch *w)
{
	ev_task_queue(&OUTER(w, struct user, watch)->changed);
}

struct user *
imapd_user_open(const char *path, uint64_t quota, struct err *err)
{
	struct user *u = map_find(&users.by_path, slice_str(path));
	struct account *a;

	if (u != NULL) {
		account_set_quota(u->account, quota, 0);
		return u;
	}
	switch (store_account_open(users.store, path, &a, err)) {
	case FOUND:
		break;
	case ABSENT:
		err_set(err, ERR_PERM, "[UNAVAILABLE] no mailbox");
		return NULL;
	case TEMPFAIL:
		return NULL;
	}
	account_set_quota(a, quota, 0);
	u = xcalloc(1, sizeof *u);
	u->account = a;
	LIST_INIT(&u->sessions);
	ev_task_init(&u->changed, on_changed);
	u->watch.on_change = on_watch;
	account_watch(a, &u->watch);
	map_put(&users.by_path, slice_str(path), u);
	return u;
}

void
imapd_user_idle(struct user *u)
{
	if (u->nsessions > 0)
		return;
	map_del(&users.by_path, slice_str(account_path(u->account)));
	ev_task_cancel(&u->changed);
	account_unwatch(&u->watch);
	account_close(&u->account);
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

struct account *
imapd_user_account(const struct user *u)
{
	return u->account;
}

const char *
imapd_user_path(const struct user *u)
{
	return account_path(u->account);
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
imapd_users_changed(const char *path)
{
	store_changed(users.store, path);
}
