/* SPDX-License-Identifier: ISC */
/*
 * The tables in which the processes of a service count what their clients do
 * (front/rate.h).  Master makes one for each service that listens and never
 * looks into it; so the counts outlive a process that dies, and a reload.
 */
#ifndef MASTER_RATES_H
#define MASTER_RATES_H

/* The table of SERVICE, a section of master.conf; -1 when there is no memory
 * for one, which is logged. */
int master_rates_find(const char *service);

#endif
