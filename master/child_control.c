/* SPDX-License-Identifier: ISC */
#include "master/child_control.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <bsd/string.h>
#include <bsd/sys/queue.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/master.h"
#include "ev/loop.h"
#include "ipc/master.h"
#include "ipc/role_facts.h"
#include "log/log.h"
#include "master/backoff.h"
#include "master/broker.h"
#include "master/child.h"
#include "master/child_roster.h"
#include "master/equip.h"
#include "master/idle.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/rates.h"
#include "master/slots.h"
#include "master/stop.h"

enum { ANEW_MS = 1000 }; /* a process may end by itself so often */

/* ---- words from the processes ---- */

/* The nursery's child says who it is; the kernel knows whether it is ours. */
static bool
adopt(struct child *c, pid_t pid)
{
	siginfo_t info;

	if (pid <= 0 || slots_by_pid(pid) != NULL ||
	    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1)
		return false;
	slots_set_pid(c, pid);
	if (c->log != NULL)
		logpipe_name(c->log, c->daemon, c->index, pid);
	c->log = NULL;
	return true;
}

void
child_on_hello(struct ipc *peer, struct msg *m)
{
	const struct equip with = child_equipment();
	struct child *c = ipc_data(peer);
	struct err err = { 0 };

	if (c == NULL || c->greeted || c->state != CHILD_STARTING)
		return;
	c->greeted = true;
	if (c->pid <= 0 && !adopt(c, (pid_t)m->master_hello.pid)) {
		child_ended(c);
		return;
	}
	if (!child_has_nursery(c)) /* or it has what its nursery had */
		c->generation = master.generation;
	if (equip_new(c, &with, &m->master_hello, GO_START, &err) == 0)
		return;
	log_err("child.start-failed", kv_s("service", c->service),
	    kv_s("why", err.text));
	strlcpy(c->why, err.text, sizeof c->why);
	(void)kill(c->pid, SIGKILL);
}

void
child_on_ready(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);

	if (c == NULL)
		return;
	/* Its answer is the next one's, when that is ready. */
	if (c->state == CHILD_READY && m->master_ready.ok &&
	    m->master_ready.anew) {
		c->anew = true;
		return;
	}
	if (c->state == CHILD_READY && c->awaited > 0) {
		child_answered(c, m->master_ready.ok, m->master_ready.why);
		return;
	}
	if (!m->master_ready.ok) {
		slice_copy(slice_sub(m->master_ready.why, 0, sizeof c->why - 1),
		    c->why, sizeof c->why);
		return;
	}
	if (c->state != CHILD_STARTING)
		return;
	child_enter(c, CHILD_READY);
	ev_timer_stop(&c->timer);
	log_info("child.ready", kv_s("service", c->service),
	    kv_s("daemon", c->daemon), kv_u("index", c->index),
	    kv_i("pid", c->pid));
	if (role_writes_log(c->role))
		logpipe_logger(c->peer);
	if (c->nursery)
		child_start_unborn(c->role);
	broker_ready(c);
	if (c->awaited > 0)
		child_answered(c, true, (struct slice){ NULL, 0 });
	/* Equipped just before a reload: it has the files of before. */
	if (c->generation != master.generation)
		child_reconfigure(c);
	if (!role_serves_uid(c->role) && child_all_ready())
		notify_ready();
}

static void
on_idle_time(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	log_debug(
	    "child.idle", kv_s("service", c->service), kv_i("pid", c->pid));
	child_stop(c, true);
}

/* Processes of somebody in particular come and go; those of all virtual users
 * stay. */
void
child_on_idle(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);

	if (c == NULL || c->state != CHILD_READY || !child_is_served(c) ||
	    (c->uid == 0 && c->place[0] == '\0'))
		return;
	idle_set(c, m->master_idle.idle);
	c->timer.on_time = on_idle_time;
	if (c->idle)
		ev_timer_set(&c->timer, master.conf->idle_timeout);
	else
		ev_timer_stop(&c->timer);
}

void
child_on_gone(struct ipc *peer)
{
	struct child *c = ipc_data(peer);

	if (c == NULL)
		return;
	c->peer = NULL;
	if (c->pid <= 0 && c->state == CHILD_STARTING) {
		log_err("child.exec-failed", kv_s("service", c->service),
		    kv_s("why", "its nursery did not create the process"));
		child_ended(c);
		return;
	}
	/* Alive without a channel it is of no use. */
	if (c->pid > 0 && c->state != CHILD_STOPPING) {
		c->timer.on_time = child_on_kill_time;
		ev_timer_set(&c->timer, 1000);
	}
}

/* ---- the end of processes ---- */

static void
log_exit(const struct child *c, int status)
{
	const bool asked = c->state == CHILD_STOPPING;
	const int64_t restart_ms = asked ? -1 : c->backoff.delay_ms;

	if (WIFSIGNALED(status))
		log_err("child.killed", kv_s("service", c->service),
		    kv_s("daemon", c->daemon), kv_i("pid", c->pid),
		    kv_s("signal", sigabbrev_np(WTERMSIG(status))),
		    kv_i("restart_ms", restart_ms));
	else if (asked && !role_writes_log(c->role))
		log_info("child.stopped", kv_s("service", c->service),
		    kv_s("daemon", c->daemon), kv_i("pid", c->pid),
		    kv_i("status", WEXITSTATUS(status)));
	else if (!asked)
		log_err("child.exited", kv_s("service", c->service),
		    kv_s("daemon", c->daemon), kv_i("pid", c->pid),
		    kv_i("status", WEXITSTATUS(status)),
		    kv_i("restart_ms", restart_ms));
}

/* It wants what a process can have at its start only (files, ports): that is no
 * crash, and nothing to wait for, unless it does so again and again. */
static bool
begins_anew(const struct child *c, int status)
{
	return c->state == CHILD_READY && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0 &&
	       (c->reloaded || ev_now_ms() - c->since_ms >= ANEW_MS);
}

void
child_reap(pid_t pid, int status)
{
	struct child *c = slots_by_pid(pid);

	if (c != NULL) {
		if (begins_anew(c, status)) {
			/* Asked something just then, the next one answers. */
			c->anew = true;
			child_enter(c, CHILD_STOPPING);
		}
		log_exit(c, status);
		master_rates_forget(c->service, pid);
		if (c->state == CHILD_STARTING && !role_serves_uid(c->role) &&
		    notify_failed(c->service,
			c->why[0] != '\0' ? c->why : "ended at its start"))
			master_stop(1);
		child_ended(c);
	}
	if (master.stopping)
		master_stop_go_on();
}

bool
child_all_ready(void)
{
	const struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	if (c->state != CHILD_READY && !c->retired && !role_serves_uid(c->role))
		return false;
	return true;
}
