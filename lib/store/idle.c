/* SPDX-License-Identifier: ISC */
/*
 * File names follow the flags a second after the first change: a burst of
 * changes costs one rename a message, and a Maildir that is left alone is up
 * to date.  One batch of one account each time, so that the loop goes on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "store/account.h"
#include "store/flush.h"
#include "store/inner.h"
#include "store/notify.h"
#include "store/whole.h"
#include "sys/clock.h"

enum { FLUSH_NEXT_MS = 1, FLUSH_STOP_MS = 1000 };

static void
flush_one(struct store *s)
{
	struct account *a = TAILQ_FIRST(&s->behind);
	bool more = false;

	/* Taken off first: what fails half way asks for the next round. */
	TAILQ_REMOVE(&s->behind, a, behind_link);
	a->behind = false;
	if (account_flush(a, &more, NULL) == 0 && more)
		notify_flusher(a);
	account_close(&a);
}

static void
on_time(struct ev_timer *t)
{
	struct store *s = OUTER(t, struct store, flusher);

	if (!TAILQ_EMPTY(&s->behind))
		flush_one(s);
	if (!TAILQ_EMPTY(&s->behind))
		ev_timer_set(&s->flusher, FLUSH_NEXT_MS);
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
		TAILQ_REMOVE(&s->behind, a, behind_link);
		a->behind = false;
		account_close(&a);
	}
	ev_timer_stop(&s->flusher);
}
