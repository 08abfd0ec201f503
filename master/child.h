/* SPDX-License-Identifier: ISC */
/*
 * The processes that master keeps.
 *
 * A slot is the place of one process: a role, an index among the processes of
 * that role (of one uid), and the uid it serves where the role serves uids.
 * The process in it may die and is replaced, with a growing delay; the slot
 * stays until its service leaves the configuration, or, when it serves a uid,
 * until it was idle for idle_timeout.
 */
#ifndef MASTER_CHILD_H
#define MASTER_CHILD_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "conf/master.h"
#include "ipc/ipc.h"

enum child_state {
	CHILD_WAITING,  /* no process: will be started after a delay */
	CHILD_STARTING, /* spawned, not ready yet */
	CHILD_READY,
	CHILD_STOPPING, /* told to end, or ending on its own */
};

struct child {
	TAILQ_ENTRY(child) link;
	char service[32];
	char daemon[32];
	enum role role;
	unsigned index;
	uid_t uid; /* as asked for: 0 is the virtual users' */
	enum child_state state;
	pid_t pid;
	struct ipc *peer; /* its control channel; NULL when closed */
	unsigned reach;   /* from its hello */
	bool greeted;
	bool retired; /* free the slot when the process has ended */
	bool idle;
	bool killed;
	unsigned restarts;
	int64_t delay_ms;      /* before the next start */
	int64_t since_ms;      /* of the state */
	struct ev_timer timer; /* restart delay, start deadline, idle, kill */
	char why[256];         /* why the start failed */
};
TAILQ_HEAD(child_list, child);

extern struct child_list master_children;

/* Does ROLE have processes for each uid? */
bool child_serves_uid(enum role role);

/* Before CONF counts: retire the slots whose service it changes or drops. */
void child_retire(const struct master_conf *conf);
/* CONF counts now: hand it to the processes that stay, start the missing. */
void child_apply(const struct master_conf *conf);
/* The slot for ROLE, INDEX (taken modulo their number), UID; NULL when there is
 * none, or, for a uid that may be served and SPAWN, a new one. */
struct child *child_find(
    enum role role, unsigned index, uid_t uid, bool spawn, const char **why);

/* From the control channels. */
void child_on_hello(struct ipc *peer, struct msg *m);
void child_on_ready(struct ipc *peer, struct msg *m);
void child_on_idle(struct ipc *peer, struct msg *m);
void child_on_gone(struct ipc *peer);

/* Collect processes that have ended. */
void child_reap(void);
/* Tell all to end, in stages; child_reap goes on with it. */
void child_stop_all(void);
bool child_none_left(void);
/* Are all fixed slots ready? */
bool child_all_ready(void);

#endif
