/* SPDX-License-Identifier: ISC */
/*
 * File names follow the flags a second after the first change: a burst of
 * changes costs one rename a message, and a Maildir that is left alone is up
 * to date.  One batch of one account each time, so that the loop goes on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "store/inner.h"
#include "store/store.h"

enum { FLUSH_DELAY_MS = 1000, FLUSH_NEXT_MS = 1 };

static void
flush_one(struct store *s)
{
	struct account *a = TAILQ_FIRST(&s->behind);
	bool more = false;

	/* Taken off first: what fails half way asks for the next round. */
	TAILQ_REMOVE(&s->behind, a, behind_link);
	a->behind = false;
	if (account_flush(a, &more, NULL) == 0 && more)
		account_flush_later(a);
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
flush_init(struct store *s)
{
	TAILQ_INIT(&s->behind);
	ev_timer_init(&s->flusher, on_time);
}

void
flush_fini(struct store *s)
{
	/* A round for each, and no more rounds than there are: what cannot be
	 * written now is found in the index next time. */
	struct account *a;

	while ((a = TAILQ_FIRST(&s->behind)) != NULL) {
		bool more = true;

		while (more && account_flush(a, &more, NULL) == 0)
			;
		TAILQ_REMOVE(&s->behind, a, behind_link);
		a->behind = false;
		account_close(&a);
	}
	ev_timer_stop(&s->flusher);
}

void
account_flush_later(struct account *a)
{
	struct store *s = a->store;

	if (a->behind)
		return;
	a->behind = true;
	a->refs++;
	TAILQ_INSERT_TAIL(&s->behind, a, behind_link);
	if (!ev_timer_running(&s->flusher))
		ev_timer_set(&s->flusher, FLUSH_DELAY_MS);
}
