/* SPDX-License-Identifier: ISC */
/*
 * A nursery: a process of a daemon that has done what all of them do at their
 * start (libraries, configuration, charsets, its uid, its filter of system
 * calls), holds no mail and talks to master alone.  Processes that serve one
 * account each are its children: they share its memory until they write to it,
 * and then shut themselves in with the one directory that master gives them.
 */
#ifndef PROC_NURSERY_H
#define PROC_NURSERY_H

#include <stdbool.h>

/* Make one more process; true in it.  Its parent is not the nursery but master,
 * who has declared itself to be the parent of orphans. */
bool nursery_fork(void);

struct ipc;
struct msg;

/* Handler of master_log: what a child logs goes there from now on. */
void nursery_on_log(struct ipc *peer, struct msg *m);

#endif
