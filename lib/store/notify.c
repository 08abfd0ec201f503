/* SPDX-License-Identifier: ISC */
/*
 * Who hears of an account's changes: sessions that watch it, and the flusher,
 * which lets file names follow a second after the first change.
 */
#include "store/notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "store/account.h"
#include "store/inner.h"
#include "store/store.h"
#include "store/whole.h"

enum { FLUSH_DELAY_MS = 1000, FLUSH_WAIT_MS = 5000 };

void
account_watch(struct account *a, struct account_watch *w)
{
	LIST_INSERT_HEAD(&a->watches, w, link);
}

void
account_unwatch(struct account_watch *w)
{
	LIST_REMOVE(w, link);
}

void
notify_account(struct account *a)
{
	struct account_watch *w, *next;

	for (w = LIST_FIRST(&a->watches); w != NULL; w = next) {
		next = LIST_NEXT(w, link);
		w->on_change(w);
	}
}

void
store_changed(struct store *store, const char *path)
{
	struct account *a = map_find(&store->accounts, slice_str(path));

	if (a != NULL)
		notify_account(a);
}

void
notify_flusher(struct account *a)
{
	struct store *s = a->store;

	if (a->behind)
		return;
	a->behind = true;
	a->behind_ms = ev_now_ms();
	a->flush_ms = a->wait_ms = 0;
	a->refs++;
	TAILQ_INSERT_TAIL(&s->behind, a, behind_link);
	if (!ev_timer_running(&s->flusher))
		ev_timer_set(&s->flusher, FLUSH_DELAY_MS);
}

void
notify_flusher_wait(struct account *a)
{
	const int64_t now_ms = ev_now_ms();

	if (a->behind && now_ms < a->behind_ms + FLUSH_WAIT_MS)
		a->wait_ms = now_ms + FLUSH_DELAY_MS;
}

void
notify_commit(struct index *ix, bool changed, bool pended)
{
	struct account *a = ACCOUNT_OF(ix);

	if (pended)
		notify_flusher(a);
	if (changed)
		notify_account(a);
}
