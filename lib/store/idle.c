/* SPDX-License-Identifier: ISC */
/*
 * File names follow the flags a second after the first change: a burst of
 * changes costs one rename a message, and a Maildir that is left alone is up
 * to date.  One batch of one account each time, so that the loop goes on, and
 * with pauses while sessions have work.  Nobody else does this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ev/turn.h"
#include "ev/work.h"
#include "log/log.h"
#include "store/account.h"
#include "store/flush.h"
#include "store/inner.h"
#include "store/notify.h"
#include "store/store.h"
#include "store/whole.h"
#include "sys/clock.h"

enum {
	FLUSH_NEXT_MS = 1,
	FLUSH_PAUSE_MS = 100,
	FLUSH_RETRY_MS = 30000,
	FLUSH_STOP_MS = 1000
};

static void
take_off(struct account *a)
{
	TAILQ_REMOVE(&a->store->behind, a, behind_link);
	a->behind = false;
}

/* It could not be done: later, if somebody else has the account open, else when
 * somebody opens it. */
static void
try_again(struct account *a, const struct err *why)
{
	struct account *held = a;

	if (why->class != ERR_PERM && why->code != ERR_BUSY)
		log_err("store.flush-failed", kv_s("home", a->name),
		    kv_s("why", why->text));
	notify_flusher(a);
	a->flush_ms = ev_now_ms() + FLUSH_RETRY_MS;
	if (a->refs > 2) /* the list and our caller */
		return;
	take_off(a);
	a->given_up = true;
	account_close(&held);
}

static void
flush_one(struct account *a)
{
	struct err err = { 0 };
	bool more = false;

	turn_note("flush", a->name);
	/* Taken off first: changes meanwhile ask for the next round. */
	take_off(a);
	if (account_flush(a, &more, &err) == -1)
		try_again(a, &err);
	else if (more)
		notify_flusher(a);
	account_close(&a);
}

/* The first that need not wait; else *WAIT_MS says for how long. */
static struct account *
first_due(const struct store *s, int64_t *wait_ms)
{
	const int64_t now_ms = ev_now_ms();
	struct account *a;

	*wait_ms = FLUSH_RETRY_MS;
	TAILQ_FOREACH(a, &s->behind, behind_link)
	{
		const int64_t due_ms =
		    a->flush_ms > a->wait_ms ? a->flush_ms : a->wait_ms;

		if (due_ms <= now_ms)
			return a;
		if (due_ms - now_ms < *wait_ms)
			*wait_ms = due_ms - now_ms;
	}
	return NULL;
}

static void
on_time(struct ev_timer *t)
{
	struct store *s = OUTER(t, struct store, flusher);
	int64_t wait_ms;
	struct account *a = first_due(s, &wait_ms);

	if (a != NULL)
		flush_one(a);
	if (first_due(s, &wait_ms) != NULL)
		wait_ms = work_waits() ? FLUSH_PAUSE_MS : FLUSH_NEXT_MS;
	if (!TAILQ_EMPTY(&s->behind))
		ev_timer_set(&s->flusher, wait_ms);
}

bool
store_is_behind(const struct store *s)
{
	const struct account *a;

	TAILQ_FOREACH(a, &s->behind, behind_link)
	if (a->flush_ms <= ev_now_ms())
		return true;
	return false;
}

void
idle_init(struct store *s)
{
	TAILQ_INIT(&s->behind);
	ev_timer_init(&s->flusher, on_time);
	s->flush_stop_ms = FLUSH_STOP_MS;
}

void
idle_fini(struct store *s)
{
	/* Not for long: the index has the flags, is synced and clean after
	 * this, and whoever opens the account next goes on. */
	const int64_t end_ms = clock_ms() + s->flush_stop_ms;
	struct account *a;

	while ((a = TAILQ_FIRST(&s->behind)) != NULL) {
		bool more = true;

		while (more && clock_ms() < end_ms &&
		       account_flush(a, &more, NULL) == 0)
			;
		take_off(a);
		account_close(&a);
	}
	ev_timer_stop(&s->flusher);
}
