/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/diskloop.h"

#include <stddef.h>

#include "ev/loop.h"
#include "sys/durable.h"

static struct durable *pool;
static struct ev_io reaper;

static void
on_reap(struct ev_io *io, unsigned events)
{
	(void)io;
	(void)events;
	durable_reap(pool);
}

struct durable *
diskloop_start(int dirfd)
{
	ev_init();
	pool = durable_new(dirfd, SYNC_AUTO);
	ev_io_init(&reaper, durable_fd(pool), on_reap);
	reaper.edge = true;
	ev_io_set(&reaper, EV_READ);
	return pool;
}

void
diskloop_end(void)
{
	if (pool == NULL)
		return;
	ev_io_stop(&reaper);
	durable_free(&pool);
}
