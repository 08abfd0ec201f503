/* SPDX-License-Identifier: ISC */
#include "ev/work.h"

#include <stdint.h>

#include "ev/loop.h"
#include "sys/clock.h"

enum {
	STEP_US = 4000,
	TURN_US = 12000, /* for the steps of a turn together, and as much for
			    the callbacks */
};

static struct {
	TAILQ_HEAD(, work_share) shares; /* with work that waits */
	struct ev_task task;
	int64_t until_us; /* of the step that runs */
	uint64_t turn;    /* in which a callback has worked */
	int64_t turn_until_us;
	bool ready;
} all;

static void
begin_step(void)
{
	all.until_us = clock_us() + STEP_US;
}

void
work_begin(void)
{
	const uint64_t turn = ev_turn();

	begin_step();
	if (turn == 0 || turn != all.turn)
		all.turn_until_us = all.until_us - STEP_US + TURN_US;
	all.turn = turn;
	if (all.until_us > all.turn_until_us)
		all.until_us = all.turn_until_us;
}

bool
work_spent(void)
{
	return clock_us() >= all.until_us;
}

bool
work_waits(void)
{
	return all.ready && !TAILQ_EMPTY(&all.shares);
}

/* The first work of the share whose turn it is. */
static struct work *
take(void)
{
	struct work_share *share = TAILQ_FIRST(&all.shares);
	struct work *w = TAILQ_FIRST(&share->works);

	TAILQ_REMOVE(&all.shares, share, link);
	TAILQ_REMOVE(&share->works, w, link);
	if (!TAILQ_EMPTY(&share->works))
		TAILQ_INSERT_TAIL(&all.shares, share, link);
	w->queued = false;
	return w;
}

static void
on_task(struct ev_task *task)
{
	const int64_t until_us = clock_us() + TURN_US;

	while (!TAILQ_EMPTY(&all.shares)) {
		struct work *w = take();

		begin_step();
		w->step(w);
		if (clock_us() >= until_us)
			break;
	}
	if (!TAILQ_EMPTY(&all.shares))
		ev_task_queue(task);
}

void
work_share_init(struct work_share *share)
{
	TAILQ_INIT(&share->works);
}

void
work_init(
    struct work *w, struct work_share *share, void (*step)(struct work *w))
{
	*w = (struct work){ .step = step, .share = share };
}

void
work_queue(struct work *w)
{
	if (w->queued)
		return;
	if (!all.ready) {
		TAILQ_INIT(&all.shares);
		ev_task_init(&all.task, on_task);
		all.ready = true;
	}
	if (TAILQ_EMPTY(&w->share->works))
		TAILQ_INSERT_TAIL(&all.shares, w->share, link);
	TAILQ_INSERT_TAIL(&w->share->works, w, link);
	w->queued = true;
	ev_task_queue(&all.task);
}

void
work_cancel(struct work *w)
{
	if (!w->queued)
		return;
	w->queued = false;
	TAILQ_REMOVE(&w->share->works, w, link);
	if (TAILQ_EMPTY(&w->share->works))
		TAILQ_REMOVE(&all.shares, w->share, link);
}
