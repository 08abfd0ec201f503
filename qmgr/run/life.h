/* SPDX-License-Identifier: ISC */
/* The start of qmgr, when the spool is read while mail already flows, and its
 * end, when commits under way get their answers. */
#ifndef QMGR_RUN_LIFE_H
#define QMGR_RUN_LIFE_H

#include <stdbool.h>

#include "base/err.h"

/* Before the doors close.  Without it no index of an earlier process is
 * believed. */
void life_prepare(void);
/* Work in SPOOL_DIR (kept). */
int life_start(int spool_dir, struct err *err);
/* A new retry schedule or limit counts for what already waits. */
int life_reload(struct err *err);
/* Begin nothing new; what is under way is done when life_busy says no. */
void life_stop(void);
bool life_busy(void);
void life_end(void);

#endif
