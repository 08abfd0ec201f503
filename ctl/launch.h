/* SPDX-License-Identifier: ISC */
/* Starting master and ending it. */
#ifndef CTL_LAUNCH_H
#define CTL_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/instance.h"

/* Start master in a session of its own, or by systemd where that keeps it, and
 * wait until every service is ready; -1: WHY has a line for each thing that
 * kept it from that. */
int launch_start(const struct instance *in, struct buf *why);
/* Is IN the installed instance on a host where systemd keeps it? */
bool launch_by_systemd(const struct instance *in);
/* Become master, with its log on fd 2 (and in the log file of an instance in
 * a directory). */
int launch_foreground(const struct instance *in, struct err *err);
/* Wait until process PID has ended; -1 when TIMEOUT_MS have passed. */
int launch_wait_end(pid_t pid, int timeout_ms, struct err *err);

#endif
