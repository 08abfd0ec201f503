/* SPDX-License-Identifier: ISC */
#include "smtp/session/pool.h"

#include <sys/resource.h>

#include "base/map.h"
#include "base/must.h"
#include "log/metric.h"
#include "smtp/conf.h"
#include "smtp/session/dialog.h"

static struct {
	struct map by_key; /* smtp_target_key -> first of a chain */
	TAILQ_HEAD(, smtp_session) idle; /* longest idle first */
	TAILQ_HEAD(, smtp_job) waiting;
	struct ev_task admit;
	size_t open;
} pool;

static struct metric sessions = { .name = "pabal_smtp_sessions",
	.help = "Sessions open, idle ones included.",
	.type = METRIC_GAUGE };
static struct metric reused = { .name = "pabal_smtp_sessions_reused",
	.help = "Messages sent over a cached connection." };

static size_t
limit(void)
{
	struct rlimit files;
	size_t n = 1000;

	if (smtp_conf->max_sessions != 0)
		return smtp_conf->max_sessions;
	/* A session needs its socket, and the message its file. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		n = files.rlim_cur / 2;
	return n > 20000 ? 20000 : n;
}

static struct smtp_session *
first_of(const struct smtp_target *t)
{
	char key[SMTP_TARGET_TEXT];

	smtp_target_key(t, key);
	return map_find(&pool.by_key, slice_str(key));
}

/* FIRST stands for its key from now on; NULL: nothing does. */
static void
set_first(const struct smtp_target *t, struct smtp_session *first)
{
	char key[SMTP_TARGET_TEXT];

	smtp_target_key(t, key);
	if (first != NULL)
		(void)map_put(&pool.by_key, slice_str(key), first);
	else
		(void)map_del(&pool.by_key, slice_str(key));
}

bool
smtp_pool_has(const struct smtp_target *t)
{
	return first_of(t) != NULL;
}

struct smtp_session *
smtp_pool_take(const struct smtp_target *t)
{
	struct smtp_session *s = first_of(t);

	if (s == NULL)
		return NULL;
	smtp_pool_del(s);
	metric_add(&reused, 1);
	return s;
}

void
smtp_pool_put(struct smtp_session *s)
{
	s->next_idle = first_of(&s->target);
	set_first(&s->target, s);
	TAILQ_INSERT_TAIL(&pool.idle, s, idle_link);
	/* A job may wait for just the room that this one takes. */
	ev_task_queue(&pool.admit);
}

void
smtp_pool_del(struct smtp_session *s)
{
	struct smtp_session *k = first_of(&s->target);

	if (k == s) {
		set_first(&s->target, s->next_idle);
	} else {
		while (k->next_idle != s)
			k = k->next_idle;
		k->next_idle = s->next_idle;
	}
	s->next_idle = NULL;
	TAILQ_REMOVE(&pool.idle, s, idle_link);
}

void
smtp_pool_flush(void)
{
	struct smtp_session *s;

	while ((s = TAILQ_FIRST(&pool.idle)) != NULL) {
		smtp_pool_del(s);
		smtp_session_quit(s);
	}
}

/* Below the limit, after the session longest idle has made room if need be. */
static bool
make_room(void)
{
	struct smtp_session *s = TAILQ_FIRST(&pool.idle);

	if (pool.open >= limit() && s != NULL) {
		smtp_pool_del(s);
		smtp_session_abort(s);
	}
	return pool.open < limit();
}

bool
smtp_pool_admit(struct smtp_job *job)
{
	if (TAILQ_EMPTY(&pool.waiting) && make_room())
		return true;
	job->is_waiting = true;
	TAILQ_INSERT_TAIL(&pool.waiting, job, waiting);
	return false;
}

void
smtp_pool_forget(struct smtp_job *job)
{
	if (!job->is_waiting)
		return;
	job->is_waiting = false;
	TAILQ_REMOVE(&pool.waiting, job, waiting);
}

static void
on_admit(struct ev_task *task)
{
	struct smtp_job *job;

	(void)task;
	while ((job = TAILQ_FIRST(&pool.waiting)) != NULL && make_room()) {
		smtp_pool_forget(job);
		smtp_job_admitted(job);
	}
}

void
smtp_pool_opened(void)
{
	pool.open++;
	metric_set(&sessions, (int64_t)pool.open);
}

void
smtp_pool_closed(void)
{
	must(pool.open > 0);
	pool.open--;
	metric_set(&sessions, (int64_t)pool.open);
	if (!TAILQ_EMPTY(&pool.waiting))
		ev_task_queue(&pool.admit);
}

void
smtp_pool_init(void)
{
	map_init(&pool.by_key);
	TAILQ_INIT(&pool.idle);
	TAILQ_INIT(&pool.waiting);
	ev_task_init(&pool.admit, on_admit);
	metric_register(&sessions);
	metric_register(&reused);
}
