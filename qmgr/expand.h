/* SPDX-License-Identifier: ISC */
/* A recipient that stands for others: aliases, .forward, :include:. */
#ifndef QMGR_EXPAND_H
#define QMGR_EXPAND_H

#include "qmgr/message.h"

/* Put TARGETS (lines of table/alias.h) in R's place, in the file first.  The
 * state of R that follows: DONE, or FAILED for a loop or nonsense. */
enum rcpt_state expand(struct rcpt *r, struct slice targets);

#endif
