/* SPDX-License-Identifier: ISC */
/* What master does once, before the first process. */
#ifndef MASTER_SETUP_H
#define MASTER_SETUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* As many open files as may be had. */
void setup_limits(void);
/* Find programs and users, load the configuration into master; -1: ERR, and in
 * WHY each mistake, a line each. */
int setup_load(bool last_good, struct buf *why, struct err *err);
/* Be the one master of this instance: pid file, addresses, control socket, log.
 * The same -1. */
int setup_start(struct buf *why, struct err *err);

#endif
