/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/unsynced.h"

#include <stdbool.h>

#include "ev/loop.h"
#include "log/metric.h"
#include "sys/durable.h"

enum { LATEST_MS = 1000 };

static struct {
	struct durable *durable; /* NULL: stopped */
	struct ev_timer latest;
	struct durable_req req;
	bool again; /* what the last sync left for afterwards is done as well */
} unsynced;

static struct metric any = { .name = "pabal_qmgr_unsynced",
	.type = METRIC_GAUGE,
	.help = "1 while the disk may not know what became of a message." };

static void
submit(bool again)
{
	unsynced.again = again;
	durable_submit(unsynced.durable, &unsynced.req);
}

/* Errors are told by commits; what is lost here is done twice at most. */
static void
on_synced(struct durable_req *req, int error)
{
	(void)req;
	(void)error;
	if (unsynced.durable == NULL)
		return;
	if (durable_touched(unsynced.durable))
		ev_timer_set(&unsynced.latest, LATEST_MS);
	else if (!unsynced.again)
		submit(true);
	else
		metric_set(&any, 0);
}

/* If a sync of messages has taken it along this one has nothing to do, but is
 * done behind it. */
static void
on_latest(struct ev_timer *t)
{
	(void)t;
	submit(false);
}

void
unsynced_note(void)
{
	if (unsynced.durable == NULL)
		return;
	durable_touch(unsynced.durable);
	if (any.value == 0)
		ev_timer_set(&unsynced.latest, LATEST_MS);
	metric_set(&any, 1);
}

void
unsynced_start(struct durable *d)
{
	unsynced.durable = d;
	unsynced.req =
	    (struct durable_req){ .done = on_synced, .fd = -1, .dirfd = -1 };
	ev_timer_init(&unsynced.latest, on_latest);
	metric_set(&any, 0);
}

void
unsynced_stop(void)
{
	ev_timer_stop(&unsynced.latest);
	unsynced.durable = NULL;
}
