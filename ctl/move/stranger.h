/* SPDX-License-Identifier: ISC */
/* The process that talks to a foreign server, and the channel to it. */
#ifndef CTL_MOVE_STRANGER_H
#define CTL_MOVE_STRANGER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

struct ctl;
struct move_source;

struct move_stranger {
	struct ctl *ctl;
	const struct move_source *source;
	const char *password;
	struct slice ca; /* PEM; empty with no_verify */
	bool no_verify, cleartext;
	int timeout_ms;
	/* In the new process, first: it wipes what is not for it. */
	void (*forget)(void *arg);
	void *arg;
};

/* Start it: *FD is our end, which the caller closes to end it.  The pid, or -1.
 */
pid_t move_stranger_start(
    const struct move_stranger *s, int *fd, struct err *err);

#endif
