/* SPDX-License-Identifier: ISC */
#include "table/watch.h"

#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"

enum { EVERY_MS = 60000 };

static void
on_time(struct ev_timer *t)
{
	struct table_watch *w = OUTER(t, struct table_watch, timer);

	for (size_t i = 0; i < TABLE_WATCH_MAX && w->tables[i] != NULL; i++) {
		const bool stale = table_stale(w->tables[i]);

		if (stale && !w->reported[i])
			log_warn("table.stale",
			    kv_s("table", table_spec(w->tables[i])),
			    kv_s("hint", "pabal map"));
		w->reported[i] = stale;
	}
	ev_timer_set(&w->timer, EVERY_MS);
}

void
table_watch_start(struct table_watch *w, struct table *const *tables, size_t n)
{
	must(n <= TABLE_WATCH_MAX);
	*w = (struct table_watch){ .reported = { false } };
	for (size_t i = 0; i < n; i++)
		w->tables[i] = tables[i];
	ev_timer_init(&w->timer, on_time);
	ev_timer_set(&w->timer, 0);
}

void
table_watch_stop(struct table_watch *w)
{
	ev_timer_stop(&w->timer);
}
