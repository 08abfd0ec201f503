/* SPDX-License-Identifier: ISC */
/*
 * A process that master keeps, and its life: it is started, ends, and is
 * started anew.
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

#include "ipc/ipc.h"
#include "master/backoff.h"
#include "master/dirs.h"

struct service_conf;
struct slot_key;

enum child_state {
	CHILD_WAITING,  /* no process: will be started after a delay */
	CHILD_STARTING, /* spawned, not ready yet */
	CHILD_READY,
	CHILD_STOPPING, /* told to end, or ending on its own */
};

TAILQ_HEAD(asker_list, asker);
TAILQ_HEAD(connection_list, connection);

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
	bool anew;     /* and ends, for the next one to take it up */
	unsigned restarts;
	struct backoff backoff;
	int64_t since_ms;      /* of the state */
	struct ev_timer timer; /* restart delay, start deadline, idle, kill */
	char why[1024];        /* why the start failed */
	struct logpipe *log;   /* while its pid is not known */
	struct asker_list askers;       /* who wait for it: master/broker.c's */
	struct connection_list unacked; /* by it: likewise */
	TAILQ_ENTRY(child) idle_link;
};
TAILQ_HEAD(child_list, child);

/* Does a nursery make C's process? */
static inline bool
child_has_nursery(const struct child *c)
{
	return c->place != NULL && c->place[0] != '\0' && c->uid == 0;
}

/* ANSWER is told what becomes of each new configuration in each process: C has
 * it (WHY may be a remark), or not. */
void child_setup(void (*answer)(struct child *c, bool ok, struct slice why));
/* C has said what became of the configuration it was sent last. */
void child_answered(struct child *c, bool ok, struct slice why);

/* Is there room for one more that serves somebody in particular?  Who is idle
 * makes it. */
bool child_have_room(void);
/* A slot of S, whose process is started, for ACCOUNT if it has the place for
 * itself; NULL when there is nothing for it to hold. */
struct child *child_new(const struct service_conf *s,
    const struct slot_key *key, const char *account);
/* The nursery of ROLE is ready: have it make those that wait for it. */
void child_start_unborn(enum role role);
/* Is C a slot that comes and goes with those it serves? */
bool child_is_served(const struct child *c);
/* C is in STATE from now on. */
void child_enter(struct child *c, enum child_state state);

/* Tell C to end; RETIRE: and its slot is no more. */
void child_stop(struct child *c, bool retire);
/* The timer of a C that does not end by itself. */
void child_on_kill_time(struct ev_timer *t);
/* C's process has ended: start another after a delay, or forget the slot. */
void child_ended(struct child *c);

#endif
