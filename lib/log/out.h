/* SPDX-License-Identifier: ISC */
/*
 * Where lines wait for fd 2.  That is a pipe of the logger's mostly, and does
 * not block: what it does not take waits here, up to a limit, and what comes
 * beyond that is lost, counted, and told of when there is room again.
 */
#ifndef LOG_OUT_H
#define LOG_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* LINE with its end; lost as a whole when too much waits. */
void log_out_add(struct slice line);
/* Write what waits, in as few calls as can be.  True when all went out or
 * nothing will ever.  Waits for a reader at most a twentieth of the time. */
bool log_out_flush(void);
/* Lines lost since the last call, if there is room to tell of them. */
uint64_t log_out_lost(void);

#endif
