/* SPDX-License-Identifier: ISC */
/*
 * Work that is too long for a turn of the loop, in steps: a few milliseconds
 * of each turn go to it, by turns to all who have some.  What belongs together
 * (the sessions of an account) has a share of it in common, so that nobody gets
 * more by asking more often.
 */
#ifndef EV_WORK_H
#define EV_WORK_H

#include <stdbool.h>
#include <sys/queue.h>

struct work;

/* Whose work it is; zeroed and given to work_share_init. */
struct work_share {
	TAILQ_HEAD(work_list, work) works; /* that wait for a step */
	TAILQ_ENTRY(work_share) link;
};

struct work {
	/* The next step: goes on until work_spent() and queues itself again
	 * when there is more to do.  May free itself. */
	void (*step)(struct work *w);
	struct work_share *share;
	TAILQ_ENTRY(work) link;
	bool queued;
};

void work_share_init(struct work_share *share);
void work_init(
    struct work *w, struct work_share *share, void (*step)(struct work *w));
void work_queue(struct work *w);
void work_cancel(struct work *w);
bool work_waits(void); /* does a step wait for its turn? */

/* A callback of the loop that works itself, before it leaves the rest to a
 * step, has as much time as a step from here on; none when those before it in
 * this turn have taken what there is for all. */
void work_begin(void);
/* Is it used up?  Asked before each piece of well below a millisecond. */
bool work_spent(void);

#endif
