/* SPDX-License-Identifier: ISC */
/*
 * Trying a configuration: of each service one process is started just as it
 * would be in earnest (files, directories, uid, root directory, sandbox), does
 * what its start does without changing anything, says how that went, and ends.
 * So a configuration that passes starts, and one that does not is found out
 * before the old one was touched.
 */
#ifndef MASTER_TRIAL_H
#define MASTER_TRIAL_H

#include "base/buf.h"
#include "master/child.h"

struct equip;
struct trial;

/* Try WITH, which is borrowed until DONE: there WHY has a line for each service
 * that would not start, "service NAME: why", in the order of master.conf.  It
 * comes from the loop, never from here; the trial is gone when it returns. */
struct trial *trial_new(
    const struct equip *with, void (*done)(struct trial *t, struct slice why));
/* Add to OUT whom T waits for, a line each. */
void trial_awaited(const struct trial *t, struct buf *out);
/* End the processes of all trials; no DONE comes any more. */
void trial_stop_all(void);

/* What a process of a trial (child->trial) says. */
void trial_on_hello(struct child *c, struct msg *m);
void trial_on_ready(struct child *c, struct msg *m);
void trial_on_gone(struct child *c);
/* Process PID has ended: was it one of a trial? */
bool trial_on_exit(pid_t pid, int status);

#endif
