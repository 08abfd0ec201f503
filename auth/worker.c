/* SPDX-License-Identifier: ISC */
#include "auth/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "log/log.h"
#include "sasl/password.h"
#include "sasl/secret.h"
#include "sys/fd.h"

enum {
	WORKERS_MAX = 64,
	STUCK_MS = 20000, /* no hash takes that long: it is killed */
	REQUEST_MAX = sizeof(size_t) + PASSWORD_HASH_MAX + AUTH_SECRET_MAX,
};

struct worker {
	struct ev_io io;
	struct ev_timer stuck;
	struct worker_job *job; /* NULL: forgotten, or none */
	bool busy;
	pid_t pid; /* 0: none runs */
};

struct worker_answer {
	enum found found;
	char why[200];
};

static struct {
	struct worker all[WORKERS_MAX];
	unsigned n;
	const char *pretend;
	void (*on_free)(void);
	bool stopping;
} pool;

static void start(struct worker *w);

/* ---- the worker's side ---- */

/* One request: the length of the stored hash, the hash, the secret. */
static bool
serve_one(int fd, const char *pretend)
{
	static char request[REQUEST_MAX];
	struct worker_answer a = { .found = TEMPFAIL };
	struct err err = { 0 };
	const ssize_t got = read(fd, request, sizeof request);
	struct slice stored, secret;
	size_t n;

	if (got < (ssize_t)sizeof n)
		return false;
	memcpy(&n, request, sizeof n);
	stored = slice_sub(slice_of(request, (size_t)got), sizeof n, n);
	secret = slice_from(slice_of(request, (size_t)got), sizeof n + n);
	if (n == 0)
		a.found = password_pretend(pretend, secret);
	else
		a.found = password_verify(stored, secret, &err);
	memcpy(a.why, err.text, sizeof a.why - 1);
	explicit_bzero(request, sizeof request);
	return write(fd, &a, sizeof a) == (ssize_t)sizeof a;
}

static _Noreturn void
serve(int fd, const char *pretend)
{
	if (dup2(fd, 0) == -1)
		_exit(1);
	/* the loop, the other daemons, the tables: none of its business */
	if (close_range(3, ~0U, 0) == -1)
		_exit(1);
	while (serve_one(0, pretend))
		continue;
	_exit(0);
}

/* ---- the pool's side ---- */

static void
conclude(struct worker *w, enum found found, const char *why)
{
	struct worker_job *job = w->job;

	ev_timer_stop(&w->stuck);
	w->busy = false;
	w->job = NULL;
	if (job != NULL) {
		job->worker = NULL;
		job->done(job, found, why);
	}
}

static void
lost(struct worker *w)
{
	ev_io_stop(&w->io);
	fd_close(&w->io.fd);
	(void)kill(w->pid, SIGKILL);
	(void)waitpid(w->pid, NULL, 0);
	w->pid = 0;
	if (pool.stopping)
		return;
	log_err("auth.worker-lost");
	conclude(w, TEMPFAIL, "the process that checks passwords ended");
	start(w);
	pool.on_free();
}

static void
on_stuck(struct ev_timer *t)
{
	lost(OUTER(t, struct worker, stuck));
}

static void
on_answer(struct ev_io *io, unsigned events)
{
	struct worker *w = OUTER(io, struct worker, io);
	struct worker_answer a;
	const ssize_t n = recv(io->fd, &a, sizeof a, MSG_DONTWAIT);

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof a) {
		lost(w);
		return;
	}
	a.why[sizeof a.why - 1] = '\0';
	conclude(w, a.found, a.why);
	pool.on_free();
}

static void
on_retry(struct ev_timer *t)
{
	start(OUTER(t, struct worker, stuck));
}

static int
try_start(struct worker *w, struct err *err)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_sys(err, ERR_TEMP, "socketpair");
	(void)log_flush();
	pid = fork();
	if (pid == 0)
		serve(pair[1], pool.pretend);
	fd_close(&pair[1]);
	if (pid == -1) {
		fd_close(&pair[0]);
		return err_sys(err, ERR_TEMP, "fork");
	}
	w->pid = pid;
	ev_timer_init(&w->stuck, on_stuck);
	ev_io_init(&w->io, pair[0], on_answer);
	ev_io_set(&w->io, EV_READ);
	return 0;
}

/* Replace a worker that was lost; the others go on meanwhile. */
static void
start(struct worker *w)
{
	struct err err;

	if (try_start(w, &err) == 0)
		return;
	log_err("auth.worker-failed", kv_s("why", err.text));
	ev_timer_init(&w->stuck, on_retry);
	ev_timer_set(&w->stuck, 1000);
}

int
worker_start_all(
    unsigned n, const char *pretend, void (*on_free)(void), struct err *err)
{
	pool.n = n < WORKERS_MAX ? n : WORKERS_MAX;
	pool.pretend = pretend;
	pool.on_free = on_free;
	for (unsigned i = 0; i < pool.n; i++)
		if (try_start(&pool.all[i], err) == -1)
			return -1;
	return 0;
}

void
worker_stop_all(void)
{
	pool.stopping = true;
	for (unsigned i = 0; i < pool.n; i++) {
		struct worker *w = &pool.all[i];

		ev_timer_stop(&w->stuck);
		if (w->pid != 0)
			lost(w);
	}
	pool.n = 0;
	pool.stopping = false;
}

static struct worker *
find_free(void)
{
	for (unsigned i = 0; i < pool.n; i++)
		if (pool.all[i].pid != 0 && !pool.all[i].busy)
			return &pool.all[i];
	return NULL;
}

bool
worker_is_free(void)
{
	return find_free() != NULL;
}

void
worker_run(struct worker_job *job, struct slice stored, struct slice secret)
{
	struct worker *w = find_free();
	struct buf request;

	must(w != NULL && job->worker == NULL);
	must(stored.n <= PASSWORD_HASH_MAX && secret.n <= AUTH_SECRET_MAX);
	secret_init(&request, REQUEST_MAX);
	buf_add(&request, slice_of(&stored.n, sizeof stored.n));
	buf_add(&request, stored);
	buf_add(&request, secret);
	w->busy = true;
	w->job = job;
	job->worker = w;
	ev_timer_set(&w->stuck, STUCK_MS);
	if (send(w->io.fd, request.p, request.n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    -1)
		ev_timer_set(&w->stuck, 0);
	secret_fini(&request);
}

void
worker_forget(struct worker_job *job)
{
	if (job->worker == NULL)
		return;
	job->worker->job = NULL;
	job->worker = NULL;
}
