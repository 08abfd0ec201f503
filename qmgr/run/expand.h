/* SPDX-License-Identifier: ISC */
/* A recipient that stands for others: aliases, .forward, :include:. */
#ifndef QMGR_RUN_EXPAND_H
#define QMGR_RUN_EXPAND_H

#include "qmgr/queue/rcpt.h"

/* Put TARGETS (lines of table/alias.h) in R's place, all of them or none, in
 * the file first; the round begins with them when R is settled.  The state of R
 * that follows: EXPANDED; FAILED for what is too deep, does not fit, or is
 * nonsense; DEFERRED when the file cannot be written.  What leads only to
 * itself is found at the end of the round. Commands and lists among them are
 * UID's: never by the word of whoever sent the list, but 0 (nobody) for
 * aliases, and the uid that master told of the process that read a .forward or
 * a list. */
enum rcpt_state expand(struct rcpt *r, struct slice targets, uint32_t uid);

#endif
