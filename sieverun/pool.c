/* SPDX-License-Identifier: ISC */
#include "sieverun/pool.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/sieve.h"
#include "log/log.h"
#include "log/metric.h"
#include "sieverun/conf.h"
#include "sieverun/serve.h"
#include "sieverun/tables.h"
#include "sys/fd.h"

enum {
	WAITING_MAX = 1024,
	CPU_SECONDS = 11, /* what has used one is given no more */
};
#ifndef PABAL_SANITIZE
static const rlim_t memory_bytes = (rlim_t)1 << 30;
#endif

struct pool_run {
	TAILQ_ENTRY(pool_run) link;
	struct ipc *peer; /* NULL: it is gone */
	enum role role;   /* its */
	uint64_t id;
	int channel; /* until it begins */
	bool charsets;
	pid_t pid;
	struct ev_timer deadline;
	bool late; /* that has passed: no fault of the message's or script's */
};
TAILQ_HEAD(runs, pool_run);

static struct {
	struct runs waiting, running;
	unsigned nwaiting, nrunning;
	int (*confine)(struct err *err);
	struct ev_task next;
} state;

static struct metric runs = { .name = "pabal_sieverun_runs",
	.help = "Processes for scripts, of one account each." };

/* ---- the child's side ---- */

static void
set_limits(void)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS };
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CPU, &cpu);
	(void)setrlimit(RLIMIT_NPROC, &none);
	(void)setrlimit(RLIMIT_FSIZE, &none);
#ifndef PABAL_SANITIZE
	const struct rlimit memory = { memory_bytes, memory_bytes };

	(void)setrlimit(RLIMIT_AS, &memory);
#endif
}

static _Noreturn void
child(int channel, enum role peer)
{
	struct err err;

	/* the loop, the other daemons, other runs: none of its business */
	if (dup2(channel, 0) == -1 || close_range(3, ~0U, 0) == -1)
		_exit(1);
	set_limits();
	if (state.confine(&err) == -1)
		_exit(1);
	serve(0, peer);
	_exit(0);
}

/* ---- the daemon's side ---- */

static void
run_end(struct pool_run *r, bool crashed)
{
	if (r->peer != NULL)
		IPC_SEND(r->peer, sieve_ended, .id = r->id, .crashed = crashed);
	ev_timer_stop(&r->deadline);
	fd_close(&r->channel);
	free(r);
}

static void
on_deadline(struct ev_timer *t)
{
	struct pool_run *r = OUTER(t, struct pool_run, deadline);

	log_warn("sieverun.run-timeout", kv_i("pid", r->pid));
	r->late = true;
	(void)kill(r->pid, SIGKILL);
}

static int
start(struct pool_run *r)
{
	(void)log_flush();
	r->pid = tables_fork(r->charsets);
	if (r->pid == 0)
		child(r->channel, r->role);
	if (r->pid == -1) {
		log_err(
		    "sieverun.run-failed", kv_s("why", strerrordesc_np(errno)));
		return -1;
	}
	fd_close(&r->channel);
	metric_add(&runs, 1);
	ev_timer_set(
	    &r->deadline, sieverun_conf->run_timeout + SIEVE_PROCESS_MS);
	TAILQ_INSERT_TAIL(&state.running, r, link);
	state.nrunning++;
	return 0;
}

static void
on_next(struct ev_task *task)
{
	struct pool_run *r;

	(void)task;
	while (state.nrunning < sieverun_conf->max_runs &&
	       (r = TAILQ_FIRST(&state.waiting)) != NULL) {
		TAILQ_REMOVE(&state.waiting, r, link);
		state.nwaiting--;
		if (start(r) == -1)
			run_end(r, false);
	}
}

static void
reaped(pid_t pid, int status)
{
	struct pool_run *r;

	TAILQ_FOREACH(r, &state.running, link)
	if (r->pid == pid)
		break;
	if (r == NULL)
		return;
	TAILQ_REMOVE(&state.running, r, link);
	state.nrunning--;
	if (WIFSIGNALED(status) && !r->late)
		log_err("sieverun.run-killed", kv_i("pid", pid),
		    kv_i("signal", WTERMSIG(status)));
	run_end(
	    r, !r->late && (!WIFEXITED(status) || WEXITSTATUS(status) != 0));
}

static void
on_child(int signo)
{
	int status;
	pid_t pid;

	(void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reaped(pid, status);
	ev_task_queue(&state.next);
}

void
pool_on_open(struct ipc *peer, struct msg *m)
{
	struct pool_run *r = xcalloc(1, sizeof *r);

	r->peer = peer;
	r->role = ipc_role(peer);
	r->id = m->sieve_open.id;
	r->charsets = m->sieve_open.charsets;
	r->channel = m->sieve_open.channel;
	m->sieve_open.channel = -1;
	ev_timer_init(&r->deadline, on_deadline);
	if (state.nwaiting >= WAITING_MAX) {
		run_end(r, false);
		return;
	}
	TAILQ_INSERT_TAIL(&state.waiting, r, link);
	state.nwaiting++;
	ev_task_queue(&state.next);
}

static void
forget(struct runs *list, const struct ipc *peer)
{
	struct pool_run *r;

	TAILQ_FOREACH(r, list, link)
	if (r->peer == peer)
		r->peer = NULL;
}

void
pool_on_gone(struct ipc *peer)
{
	forget(&state.waiting, peer);
	forget(&state.running, peer);
}

bool
pool_busy(void)
{
	return state.nwaiting + state.nrunning > 0;
}

void
pool_init(int (*confine)(struct err *err))
{
	state.confine = confine;
	TAILQ_INIT(&state.waiting);
	TAILQ_INIT(&state.running);
	ev_task_init(&state.next, on_next);
	ev_signal(SIGCHLD, on_child);
	metric_register(&runs);
	/* What is free is in order: else each child would begin with that, and
	 * copy the pages. */
	(void)malloc_trim(0);
}
