/* SPDX-License-Identifier: ISC */
#ifndef CTL_MAILBOX_DONE_H
#define CTL_MAILBOX_DONE_H

#include <stdint.h>

/* A task has ended in an account: told where it was ordered, not in the child,
 * and the status is what comes of it. */
struct asowner_done {
	const char *name;
	int status;      /* what the task gave */
	int64_t begun_s; /* when it began (clock_wall_s) */
	void *arg;
};

#endif
