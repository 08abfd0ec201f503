/* SPDX-License-Identifier: ISC */
/* Something is done to messages in the queue; first it is said to how many,
 * where that is asked for, or where there is somebody who can say no. */
#ifndef CTL_CMD_QUEUE_ACT_H
#define CTL_CMD_QUEUE_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct ctl;

struct queue_action {
	struct ctl *ctl;
	const char *verb; /* qview_act */
	const char *only; /* those it does something to, as a filter */
	bool needs_filter;
	bool asks; /* before it is done to more than one who was named */
	bool all, dry_run, yes;
	int64_t total;       /* 0: not known */
	int64_t done, later; /* how many it was done to, and will be */
};

/* Say to which of FILTER it would be done, and ask, as A says.  GO_ON: to
 * queue_action_do; else the exit status is the end of it. */
int queue_action_look(struct queue_action *a, struct slice filter, bool *go_on);
int queue_action_do(struct queue_action *a, struct slice filter);
void queue_action_print(const struct queue_action *a);

#endif
