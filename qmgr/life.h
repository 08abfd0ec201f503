/* SPDX-License-Identifier: ISC */
/* The start of qmgr, when the spool is read while mail already flows, and its
 * end, when commits under way get their answers. */
#ifndef QMGR_LIFE_H
#define QMGR_LIFE_H

#include "base/err.h"

/* Work in SPOOL_DIR (kept). */
int life_start(int spool_dir, struct err *err);
/* A new retry schedule or limit counts for what already waits. */
void life_reload(void);
/* Finish up; calls ev_stop when done. */
void life_stop(void);

#endif
