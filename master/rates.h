/* SPDX-License-Identifier: ISC */
/*
 * The tables in which the processes of a service count what their clients do
 * (front/rate.h).  Master makes one for each service that listens, so that the
 * counts outlive a process that dies, and a reload; of one that has died it
 * takes out the sessions.
 */
#ifndef MASTER_RATES_H
#define MASTER_RATES_H

#include <sys/types.h>

/* The table of SERVICE, a section of master.conf; -1 when there is no memory
 * for one, which is logged. */
int master_rates_find(const char *service);
/* The process PID of SERVICE has ended, and its sessions with it. */
void master_rates_forget(const char *service, pid_t pid);

#endif
