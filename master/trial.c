/* SPDX-License-Identifier: ISC */
#include "master/trial.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <bsd/string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/master.h"
#include "ipc/ipc.h"
#include "ipc/master.h"
#include "master/equip.h"
#include "master/launch.h"

enum { WHY_BYTES = 60000 };

struct trial {
	TAILQ_ENTRY(trial) link;
	struct equip with;
	struct child_list children;
	size_t open; /* processes that have not ended */
	struct ev_task end;
	void (*done)(struct trial *t, struct slice why);
};

static TAILQ_HEAD(, trial) trials = TAILQ_HEAD_INITIALIZER(trials);

static void
trial_free(struct trial *t)
{
	struct child *c, *tmp;

	TAILQ_FOREACH_SAFE(c, &t->children, link, tmp)
	{
		ev_timer_stop(&c->timer);
		if (c->peer != NULL) {
			ipc_set_data(c->peer, NULL);
			ipc_drop(c->peer, NULL);
		}
		free(c);
	}
	ev_task_cancel(&t->end);
	TAILQ_REMOVE(&trials, t, link);
	free(t);
}

/* ---- the end ---- */

static void
end(struct ev_task *task)
{
	struct trial *t = OUTER(task, struct trial, end);
	struct buf why = { .max = WHY_BYTES };
	const struct child *c;

	TAILQ_FOREACH(c, &t->children, link)
	if (c->why[0] != '\0')
		buf_addf(&why, "service %s: %s\n", c->service, c->why);
	t->done(t, buf_slice(&why));
	buf_fini(&why);
	trial_free(t);
}

/* The first thing that is known about C is the cause of the rest. */
static void
failed(struct child *c, struct slice why)
{
	if (c->why[0] == '\0')
		(void)slice_copy(slice_sub(why, 0, sizeof c->why - 1), c->why,
		    sizeof c->why);
}

/* What it said is read to its end, also when it has gone already. */
static void
process_ended(struct child *c)
{
	if (c->pid > 0 || c->peer != NULL)
		return;
	ev_timer_stop(&c->timer);
	if (c->state != CHILD_READY)
		failed(c, SLICE("ended at its start"));
	if (--c->trial->open == 0)
		ev_task_queue(&c->trial->end);
}

bool
trial_on_exit(pid_t pid, int status)
{
	struct trial *t;
	struct child *c;
	char text[64];

	TAILQ_FOREACH(t, &trials, link)
	TAILQ_FOREACH(c, &t->children, link)
	{
		if (c->pid != pid)
			continue;
		c->pid = 0;
		if (WIFSIGNALED(status)) {
			snprintf(text, sizeof text,
			    "ended by signal %s at its start",
			    sigabbrev_np(WTERMSIG(status)));
			failed(c, slice_str(text));
		}
		process_ended(c);
		return true;
	}
	return false;
}

void
trial_awaited(const struct trial *t, struct buf *out)
{
	const struct child *c;

	TAILQ_FOREACH(c, &t->children, link)
	if (c->pid > 0)
		buf_addf(out, "waiting for service %s (process %d)\n",
		    c->service, (int)c->pid);
}

void
trial_stop_all(void)
{
	struct trial *t, *next;
	const struct child *c;

	TAILQ_FOREACH_SAFE(t, &trials, link, next)
	{
		TAILQ_FOREACH(c, &t->children, link)
		if (c->pid > 0)
			(void)kill(c->pid, SIGKILL);
		trial_free(t);
	}
}

/* ---- what the processes say ---- */

void
trial_on_hello(struct child *c, struct msg *m)
{
	struct err err = { 0 };

	if (c->greeted)
		return;
	c->greeted = true;
	if (equip_new(c, &c->trial->with, &m->master_hello, GO_CHECK, &err) ==
	    0)
		return;
	failed(c, slice_str(err.text));
	(void)kill(c->pid, SIGKILL);
}

void
trial_on_ready(struct child *c, struct msg *m)
{
	if (m->master_ready.ok)
		c->state = CHILD_READY;
	else
		failed(c, m->master_ready.why);
}

void
trial_on_gone(struct child *c)
{
	c->peer = NULL;
	process_ended(c);
}

static void
on_timeout(struct ev_timer *timer)
{
	struct child *c = OUTER(timer, struct child, timer);

	failed(c, SLICE("not ready within start_timeout"));
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
	if (c->peer != NULL)
		ipc_drop(c->peer, NULL);
}

/* ---- the start ---- */

static void
add(struct trial *t, const struct service_conf *s)
{
	struct child *c = xcalloc(1, sizeof *c);
	struct err err;

	strlcpy(c->service, s->name, sizeof c->service);
	strlcpy(c->daemon, s->daemon, sizeof c->daemon);
	c->role = role_find(slice_str(s->daemon));
	c->state = CHILD_STARTING;
	c->trial = t;
	ev_timer_init(&c->timer, on_timeout);
	TAILQ_INSERT_TAIL(&t->children, c, link);
	if (launch(c, NULL, &err) == -1) {
		failed(c, slice_str(err.text));
		return;
	}
	t->open++;
	ev_timer_set(&c->timer, t->with.conf->start_timeout);
}

struct trial *
trial_new(
    const struct equip *with, void (*done)(struct trial *t, struct slice why))
{
	struct trial *t = xcalloc(1, sizeof *t);

	t->with = *with;
	t->done = done;
	TAILQ_INIT(&t->children);
	ev_task_init(&t->end, end);
	TAILQ_INSERT_TAIL(&trials, t, link);
	for (size_t i = 0; i < with->conf->nservices; i++)
		add(t, &with->conf->services[i]);
	if (t->open == 0)
		ev_task_queue(&t->end);
	return t;
}
