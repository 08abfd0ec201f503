/* SPDX-License-Identifier: ISC */
/*
 * The processes that master keeps.
 *
 * A slot is for one process: a role, an index among the processes of that role
 * (of one uid), and the uid and place it serves where the role serves those.
 * The process in it may die and is replaced, with a growing delay; the slot
 * stays until its service leaves the configuration, or, when it serves somebody
 * in particular, until it was idle for idle_timeout.
 */
#ifndef MASTER_CHILD_H
#define MASTER_CHILD_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ipc/ipc.h"
#include "master/backoff.h"
#include "master/dirs.h"

struct master_conf;

enum child_state {
	CHILD_WAITING,  /* no process: will be started after a delay */
	CHILD_STARTING, /* spawned, not ready yet */
	CHILD_READY,
	CHILD_STOPPING, /* told to end, or ending on its own */
};

TAILQ_HEAD(asker_list, asker);
TAILQ_HEAD(intro_list, intro);

struct child {
	TAILQ_ENTRY(child) link;
	char service[32];
	char daemon[32];
	enum role role;
	unsigned index;
	uid_t uid;     /* as asked for: 0 is the virtual users' */
	char *place;   /* "" or NULL: all mail of the uid */
	char *account; /* that has the place for itself; "": not one alone */
	int place_fd;  /* its directory, until the process has it; or -1 */
	bool nursery;
	enum child_state state;
	pid_t pid;         /* 0: none, or the nursery has not made it yet */
	struct ipc *peer;  /* its control channel; NULL when closed */
	unsigned reach;    /* from its hello */
	unsigned dirs;     /* those of its hello that it gets */
	char secrets[256]; /* parameters; words, each with a blank behind it */
	struct config_dirs sent;
	struct trial *trial; /* it only checks (master/trial.h); or NULL */
	unsigned generation; /* of the configuration it has */
	unsigned awaited;    /* answers to what it was sent */
	bool home;           /* its mail directory is a system user's */
	bool greeted;
	bool retired; /* free the slot when the process has ended */
	bool idle;    /* it is in the list of those that are */
	bool unborn;  /* it waits for its nursery */
	bool killed;
	bool reloaded; /* it was given another configuration */
	unsigned restarts;
	struct backoff backoff;
	int64_t since_ms;      /* of the state */
	struct ev_timer timer; /* restart delay, start deadline, idle, kill */
	char why[1024];        /* why the start failed */
	struct logpipe *log;   /* while its pid is not known */
	struct asker_list askers; /* who wait for it: master/intro.c's */
	struct intro_list intros; /* with whom it is to meet: likewise */
	TAILQ_ENTRY(child) idle_link;
};
TAILQ_HEAD(child_list, child);

extern struct child_list master_children;

/* ANSWER is told what becomes of each new configuration in each process: C has
 * it (WHY may be a remark), or not. */
void child_setup(void (*answer)(struct child *c, bool ok, struct slice why));

struct isolations;

/* Before CONF and ISOLATIONS count: retire the slots that they change or drop.
 */
void child_retire(
    const struct master_conf *conf, const struct isolations *isolations);
/* CONF counts now: hand it to the processes that stay, start the missing. */
void child_apply(const struct master_conf *conf);
/* Others take the place of the processes of SERVICE, which end. */
void child_replace(const char *service);
/* From the control channels. */
void child_on_hello(struct ipc *peer, struct msg *m);
void child_on_ready(struct ipc *peer, struct msg *m);
void child_on_idle(struct ipc *peer, struct msg *m);
void child_on_gone(struct ipc *peer);

/* Process PID has ended. */
void child_reap(pid_t pid, int status);
/* Are all fixed slots ready? */
bool child_all_ready(void);

#endif
