/* SPDX-License-Identifier: ISC */
#include "imapd/script/events.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "imapd/conf.h"
#include "imapd/script/event.h"
#include "imapd/script/run.h"
#include "log/log.h"
#include "log/metric.h"

enum {
	RUNS_MAX = 4,         /* of all accounts of this process at a time */
	WAITING_MAX = 100000, /* messages of an account */
	TRIES = 5,
	AGAIN_MS = 2000,
};

struct events {
	struct account *account;
	const char *name;
	struct events_owner *owner;
	TAILQ_HEAD(, event) queue;
	size_t messages; /* in it */
	TAILQ_ENTRY(events) turn;
	bool waits;            /* for a turn */
	struct event_run *run; /* of the next message; NULL: none yet */
	bool runs;             /* false: it waits, with what it has done */
	unsigned tries;        /* of the next message */
	struct ev_timer again;
};

static struct {
	struct store *store;
	int dir;
	TAILQ_HEAD(, events) turns;
	unsigned runs;
	size_t messages;
	struct ev_task next;
} all;

static struct metric runs = { .name = "pabal_imapd_scripts",
	.help = "Messages that scripts have run on at IMAP events." };

/* ---- turns ---- */

static void on_end(struct event_run *r, bool later);

static void
wait_for_turn(struct events *e)
{
	if (e->waits || e->runs || ev_timer_running(&e->again) ||
	    TAILQ_EMPTY(&e->queue))
		return;
	e->waits = true;
	TAILQ_INSERT_TAIL(&all.turns, e, turn);
	ev_task_queue(&all.next);
}

static void
on_next(struct ev_task *task)
{
	struct events *e;

	(void)task;
	while (all.runs < RUNS_MAX && (e = TAILQ_FIRST(&all.turns)) != NULL) {
		const struct event *ev = TAILQ_FIRST(&e->queue);
		const struct event_run_of of = { all.store, all.dir, e->account,
			e->name, ev, ev->uids[ev->at],
			(uint64_t)imapd_conf->sieve_trace_keep };

		TAILQ_REMOVE(&all.turns, e, turn);
		e->waits = false;
		all.runs++;
		metric_add(&runs, 1);
		e->runs = true;
		if (e->run != NULL)
			event_run_go_on(e->run);
		else
			e->run = event_run_new(&of, on_end, e);
	}
}

static void
drop(struct events *e, struct event *ev)
{
	TAILQ_REMOVE(&e->queue, ev, link);
	e->messages -= ev->n - ev->at;
	all.messages -= ev->n - ev->at;
	event_free(&ev);
}

/* The first message is done with. */
static void
go_on(struct events *e)
{
	struct event *ev = TAILQ_FIRST(&e->queue);

	e->tries = 0;
	ev->at++;
	e->messages--;
	all.messages--;
	if (ev->at == ev->n)
		drop(e, ev);
}

static void
on_end(struct event_run *r, bool later)
{
	struct events *e = event_run_arg(r);

	later = later && ++e->tries < TRIES;
	if (!later || !event_run_has_begun(r))
		event_run_free(&e->run);
	e->runs = false;
	all.runs--;
	ev_task_queue(&all.next);
	if (later) {
		ev_timer_set(&e->again, (int64_t)AGAIN_MS * e->tries);
		return;
	}
	go_on(e);
	if (TAILQ_EMPTY(&e->queue))
		e->owner->on_rest(e->owner);
	else
		wait_for_turn(e);
}

static void
on_again(struct ev_timer *t)
{
	wait_for_turn(OUTER(t, struct events, again));
}

/* ---- the account ---- */

int
events_configure(struct err *err)
{
	return event_configure(err);
}

void
events_init(struct store *store, int dir)
{
	all.store = store;
	all.dir = dir;
	TAILQ_INIT(&all.turns);
	ev_task_init(&all.next, on_next);
	metric_register(&runs);
}

struct events *
events_new(struct account *a, const char *name, struct events_owner *owner)
{
	struct events *e = xcalloc(1, sizeof *e);

	e->account = a;
	e->name = name;
	e->owner = owner;
	TAILQ_INIT(&e->queue);
	ev_timer_init(&e->again, on_again);
	return e;
}

static void
leave_out(const struct events *e, size_t n, const char *why)
{
	log_warn("imapd.scripts-left-out", kv_s("account", e->name),
	    kv_u("messages", n), kv_s("why", why));
}

void
events_free(struct events **ep)
{
	struct events *e = *ep;
	struct event *ev;

	*ep = NULL;
	if (e == NULL)
		return;
	if (e->messages > 0)
		leave_out(e, e->messages, "the process ends");
	if (e->runs)
		all.runs--;
	event_run_free(&e->run);
	if (e->waits)
		TAILQ_REMOVE(&all.turns, e, turn);
	ev_timer_stop(&e->again);
	while ((ev = TAILQ_FIRST(&e->queue)) != NULL)
		drop(e, ev);
	free(e);
}

bool
events_are_busy(const struct events *e)
{
	return e->messages > 0;
}

bool
events_any(void)
{
	return all.messages > 0;
}

void
events_add(struct events *e, const struct event *plan, const uint32_t *uids,
    size_t n, struct slice changed)
{
	const size_t room = WAITING_MAX - e->messages;
	struct event *ev;

	if (plan == NULL || n == 0)
		return;
	if (n > room)
		leave_out(e, n - room, "too many wait");
	n = n < room ? n : room;
	if (n == 0)
		return;
	ev = event_new(plan, uids, n, changed);
	TAILQ_INSERT_TAIL(&e->queue, ev, link);
	e->messages += n;
	all.messages += n;
	wait_for_turn(e);
}
