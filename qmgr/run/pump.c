/* SPDX-License-Identifier: ISC */
#include "qmgr/run/pump.h"

#include <errno.h>
#include <stddef.h>

#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/ahead.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/run/retry.h"
#include "qmgr/run/share.h"
#include "sys/clock.h"

enum {
	STARTS_A_TURN = 64, /* files read before others get their turn */
	MAX_WAIT_MS = 3600000,
	UNREADABLE_MS = 60000,
};

static struct {
	void (*start)(struct message *m);
	size_t active;
	bool stopped;
	bool full; /* messages wait for memory: the oldest goes first */
	struct ev_timer due;
	struct ev_task task;
} pump;

void
pump_began(const struct message *m)
{
	pump.active++;
	share_add(&m->env);
}

void
pump_ended(const struct message *m)
{
	pump.active--;
	share_del(&m->env);
}

void
pump_unreadable(struct entry *e, const char *why)
{
	log_err("spool.failed", kv_s("qid", e->id), kv_s("why", why));
	entry_wait(e, clock_wall_us() / 1000 + UNREADABLE_MS);
	waiting_change(e);
}

/* Its file was removed, or moved away, by somebody else. */
static void
drop_missing(struct entry *e)
{
	log_warn("spool.missing", kv_s("qid", e->id));
	waiting_drop(&e);
}

/* The message M of E is not to be tried now: its file says so, where the index
 * was not told. */
static bool
must_wait(struct entry *e, const struct message *m, uint32_t attempts)
{
	if (m->held)
		entry_hold(e);
	else if (e->attempts > attempts && m->next_ms > clock_wall_us() / 1000)
		entry_wait(e, m->next_ms);
	else
		return false;
	return true;
}

static void
load_and_start(struct entry *e)
{
	const uint32_t attempts = e->attempts;
	struct err err = { 0 };
	struct message *m;

	errno = 0;
	m = message_load(e, &err);
	if (m != NULL && must_wait(e, m, attempts)) {
		waiting_put(m, false);
		message_free(&m);
		return;
	}
	if (m != NULL) {
		pump.start(m);
		return;
	}
	if (errno == ENOENT) {
		drop_missing(e);
	} else if (err.class == ERR_PERM) {
		spool_set_aside(e->id, (enum spool_place)e->place, err.text);
		waiting_drop(&e);
	} else
		pump_unreadable(e, err.text);
}

static void
on_pump(struct ev_task *task)
{
	unsigned started = 0;
	struct entry *e;
	int64_t wait;

	if (pump.stopped)
		return;
	if (pump.active < qmgr_conf->active_limit && ahead_step())
		ev_task_queue(task);
	while ((e = waiting_first_due()) != NULL) {
		wait = entry_wait_ms(e);
		/* What seems to wait longer was put off before the schedule
		 * became shorter, or before the wall clock was set back and
		 * this process began. */
		if (wait > 0 && wait <= retry_longest_ms()) {
			ev_timer_set(
			    &pump.due, wait < MAX_WAIT_MS ? wait : MAX_WAIT_MS);
			break;
		}
		pump.full = pump.active >= qmgr_conf->active_limit;
		if (pump.full)
			return;
		if (started++ == STARTS_A_TURN) {
			ev_task_queue(task);
			return;
		}
		load_and_start(e);
	}
	pump.full = false;
}

static void
on_due(struct ev_timer *t)
{
	(void)t;
	pump_now();
}

void
pump_now(void)
{
	if (!pump.stopped)
		ev_task_queue(&pump.task);
}

bool
pump_has_room(void)
{
	pump.full |= pump.active >= qmgr_conf->active_limit;
	return !pump.full;
}

bool
pump_has_room_for(const struct envelope *env)
{
	return pump_has_room() || share_has_room(env, pump.active);
}

void
pump_stop(void)
{
	pump.stopped = true;
}

void
pump_init(void (*start)(struct message *m))
{
	pump.start = start;
	ev_timer_init(&pump.due, on_due);
	ev_task_init(&pump.task, on_pump);
	ahead_init();
}
