/* SPDX-License-Identifier: ISC */
/* Starting master and ending it. */
#ifndef CTL_INST_LAUNCH_H
#define CTL_INST_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/inst/instance.h"

/* Start master in a session of its own, or by systemd where that keeps it, and
 * wait until every service is ready; -1: WHY has a line for each thing that
 * kept it from that.  LAST_GOOD: not with the files but with the last good
 * configuration. */
int launch_start(const struct instance *in, bool last_good, struct buf *why);
/* Let a master of its own try that; 0, or -1 and WHY.  *AGAIN: it may be well
 * in a moment. */
int launch_trial(
    const struct instance *in, bool last_good, struct buf *why, bool *again);
/* Was `pabal run` called for a launch_start with LAST_GOOD?  Says so once. */
bool launch_wants_last_good(const struct instance *in);
/* Become master, with its log on fd 2 (and in the log file of an instance in
 * a directory). */
int launch_foreground(
    const struct instance *in, bool last_good, struct err *err);
/* Wait until process PID has ended; -1 when TIMEOUT_MS have passed. */
int launch_wait_end(pid_t pid, int timeout_ms, struct err *err);

#endif
