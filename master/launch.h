/* SPDX-License-Identifier: ISC */
/* Running a daemon's program, or having a nursery do it. */
#ifndef MASTER_LAUNCH_H
#define MASTER_LAUNCH_H

#include "master/child.h"

struct err;

/* Start the program of C, which gets its control channel, and fill in pid and
 * peer; -1 (ERR_TEMP): both are as they were.  With a NURSERY that makes the
 * process, and its pid is known with its hello only. */
int launch(struct child *c, const struct child *nursery, struct err *err);

#endif
