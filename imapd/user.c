/* SPDX-License-Identifier: ISC */
#include "imapd/user.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "imapd/session.h"
#include "log/log.h"
#include "log/metric.h"
#include "store/store.h"

enum {
	FLUSH_AFTER_MS = 1000, /* of a change: file names follow */
	FLUSH_AGAIN_MS = 1,
	FLUSH_RETRY_MS = 30000,
};

struct user {
	struct account *account;
	struct account_watch watch;
	struct ev_task changed; /* tell the sessions, at the turn's end */
	struct ev_timer flush;  /* runs: file names are behind the flags */
	bool flushing;
	LIST_HEAD(, session) sessions;
	unsigned nsessions;
};

static struct {
	struct store *store;
	struct map by_path;
	unsigned sessions;
	bool stopping;
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

bool
imapd_users_busy(void)
{
	return users.by_path.count > 0;
}

/* A session does not end inside BYE: it ends when that was sent. */
void
imapd_users_bye(const char *why)
{
	struct map_iter it = { 0 };

	users.stopping = true;
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

/* Flags count as soon as they are in the index; the names of the files follow
 * when it is quiet, a few at a time. */
static void
on_watch(struct account_watch *w)
{
	struct user *u = OUTER(w, struct user, watch);

	ev_task_queue(&u->changed);
	if (!u->flushing && !ev_timer_running(&u->flush))
		ev_timer_set(&u->flush, FLUSH_AFTER_MS);
}

static void
on_flush(struct ev_timer *t)
{
	struct user *u = OUTER(t, struct user, flush);
	struct err err = { 0 };
	bool more = false;
	int rc;

	u->flushing = true;
	rc = account_flush(u->account, &more, &err);
	u->flushing = false;
	if (rc == -1)
		log_err("imap.trouble",
		    kv_s("account", account_path(u->account)),
		    kv_s("what", "flush"), kv_s("why", err.text));
	/* What is left undone stands in the index, for who opens it next. */
	if (rc == -1 && u->nsessions > 0)
		ev_timer_set(t, FLUSH_RETRY_MS);
	else if (rc == 0 && more)
		ev_timer_set(t, FLUSH_AGAIN_MS);
	else
		imapd_user_idle(u);
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
	ev_timer_init(&u->flush, on_flush);
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
	if (ev_timer_running(&u->flush) && !users.stopping) {
		ev_timer_set(&u->flush, 0);
		return;
	}
	ev_timer_stop(&u->flush);
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
