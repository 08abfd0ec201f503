/* SPDX-License-Identifier: ISC */
#include "ev/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/turn.h"
#include "log/log.h"
#include "sys/clock.h"

enum {
	BATCH = 128,
	WAIT_MAX_MS = 3600000,
	LOG_AGAIN_MS = 100, /* log lines wait for room */
};

TAILQ_HEAD(task_list, ev_task);

static struct {
	int epfd;
	int sigfd;
	bool stop;
	bool in_timers;
	int64_t now_ms;
	uint64_t turn;
	bool running;
	struct heap timers;
	struct task_list tasks;
	struct task_list last;
	struct epoll_event batch[BATCH];
	int nbatch;
	int at;
	struct ev_io sig_io;
	sigset_t signals;
	void (*on_signal[NSIG])(int);
	void (*each_turn)(void);
} loop = { .epfd = -1, .sigfd = -1 };

void
ev_init(void)
{
	if (loop.epfd != -1)
		close(loop.epfd);
	if (loop.sigfd != -1)
		close(loop.sigfd);
	loop.sigfd = -1;
	loop.epfd = epoll_create1(EPOLL_CLOEXEC);
	must(loop.epfd != -1);
	heap_fini(&loop.timers);
	TAILQ_INIT(&loop.tasks);
	TAILQ_INIT(&loop.last);
	loop.nbatch = loop.at = 0;
	loop.stop = loop.in_timers = loop.running = false;
	sigemptyset(&loop.signals);
	loop.now_ms = clock_ms();
	signal(SIGPIPE, SIG_IGN);
}

int64_t
ev_now_ms(void)
{
	return loop.now_ms;
}

uint64_t
ev_turn(void)
{
	return loop.running ? loop.turn : 0;
}

void
ev_stop(void)
{
	loop.stop = true;
}

static void
run_timers(void)
{
	struct heap_node *node;

	loop.in_timers = true;
	while (!loop.stop && (node = heap_first(&loop.timers)) != NULL &&
	       node->key <= loop.now_ms) {
		struct ev_timer *t = OUTER(node, struct ev_timer, node);

		heap_del(&loop.timers, node);
		turn_next();
		t->on_time(t);
	}
	loop.in_timers = false;
}

/* Tasks queued by tasks wait for the next turn, behind a marker, so that none
 * can spin here while sockets starve. */
static void
run_tasks(void)
{
	struct ev_task marker;
	struct ev_task *task;

	TAILQ_INSERT_TAIL(&loop.tasks, &marker, link);
	while ((task = TAILQ_FIRST(&loop.tasks)) != &marker) {
		TAILQ_REMOVE(&loop.tasks, task, link);
		task->queued = false;
		turn_next();
		task->run(task);
	}
	TAILQ_REMOVE(&loop.tasks, &marker, link);
}

static void
run_last(void)
{
	struct ev_task *task;

	while ((task = TAILQ_FIRST(&loop.last)) != NULL) {
		ev_task_cancel(task);
		turn_next();
		task->run(task);
	}
}

/* At most MAX_MS. */
static int
wait_ms(int max_ms)
{
	const struct heap_node *node = heap_first(&loop.timers);
	int64_t left = max_ms;

	if (!TAILQ_EMPTY(&loop.tasks))
		return 0;
	if (node != NULL && node->key - loop.now_ms < left)
		left = node->key - loop.now_ms;
	return left < 0 ? 0 : (int)left;
}

static void
run_batch(void)
{
	for (loop.at = 0; loop.at < loop.nbatch && !loop.stop; loop.at++) {
		const struct epoll_event *e = &loop.batch[loop.at];
		struct ev_io *io = e->data.ptr;
		unsigned got = 0;

		if (io == NULL)
			continue;
		if ((e->events & EPOLLIN) != 0)
			got |= EV_READ;
		if ((e->events & EPOLLOUT) != 0)
			got |= EV_WRITE;
		if ((e->events & (EPOLLERR | EPOLLHUP)) != 0)
			got |= EV_HUP;
		turn_next();
		io->on_ready(io, got);
	}
	loop.nbatch = loop.at = 0;
}

void
ev_run(void)
{
	bool flushed;

	run_last();
	flushed = log_flush();
	while (!loop.stop) {
		const int n = epoll_wait(loop.epfd, loop.batch, BATCH,
		    wait_ms(flushed ? WAIT_MAX_MS : LOG_AGAIN_MS));
		const int64_t now_us = clock_us();

		must(n != -1 || errno == EINTR);
		turn_begin(now_us);
		/* in each: a child that was forked in a turn goes on here */
		loop.running = true;
		loop.turn++;
		loop.now_ms = now_us / 1000;
		loop.nbatch = n > 0 ? n : 0;
		run_batch();
		run_timers();
		run_tasks();
		if (loop.each_turn != NULL && !loop.stop)
			loop.each_turn();
		run_last();
		flushed = log_flush();
		turn_end();
	}
	loop.stop = false;
	loop.running = false;
}

void
ev_each_turn(void (*fn)(void))
{
	loop.each_turn = fn;
}

void
ev_io_init(struct ev_io *io, int fd, void (*on_ready)(struct ev_io *, unsigned))
{
	*io = (struct ev_io){ .fd = fd, .on_ready = on_ready };
}

bool
ev_takes(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

bool
ev_io_try(struct ev_io *io, unsigned events)
{
	struct epoll_event e = { .data.ptr = io };

	if (io->added && io->events == events)
		return true;
	if ((events & EV_READ) != 0)
		e.events |= EPOLLIN;
	if ((events & EV_WRITE) != 0)
		e.events |= EPOLLOUT;
	if (io->exclusive)
		e.events |= EPOLLEXCLUSIVE;
	if (io->edge)
		e.events |= EPOLLET;
	if (epoll_ctl(loop.epfd, io->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		io->fd, &e) == -1)
		return false;
	io->added = true;
	io->events = events;
	return true;
}

void
ev_io_set(struct ev_io *io, unsigned events)
{
	must(ev_io_try(io, events));
}

void
ev_io_stop(struct ev_io *io)
{
	if (!io->added)
		return;
	must(epoll_ctl(loop.epfd, EPOLL_CTL_DEL, io->fd, NULL) == 0);
	io->added = false;
	io->events = 0;
	/* Events of this turn that are still to come must not find it. */
	for (int i = loop.at; i < loop.nbatch; i++)
		if (loop.batch[i].data.ptr == io)
			loop.batch[i].data.ptr = NULL;
}

void
ev_timer_init(struct ev_timer *t, void (*on_time)(struct ev_timer *))
{
	*t = (struct ev_timer){ .on_time = on_time };
}

void
ev_timer_set(struct ev_timer *t, int64_t delay_ms)
{
	/* A timer that sets itself to "now" must not keep run_timers going. */
	if (loop.in_timers && delay_ms < 1)
		delay_ms = 1;
	heap_put(&loop.timers, &t->node, loop.now_ms + delay_ms);
}

void
ev_timer_stop(struct ev_timer *t)
{
	heap_del(&loop.timers, &t->node);
}

bool
ev_timer_running(const struct ev_timer *t)
{
	return t->node.pos != 0;
}

void
ev_task_init(struct ev_task *task, void (*run)(struct ev_task *))
{
	*task = (struct ev_task){ .run = run };
}

void
ev_task_queue(struct ev_task *task)
{
	if (task->queued)
		return;
	task->queued = true;
	task->last = false;
	TAILQ_INSERT_TAIL(&loop.tasks, task, link);
}

void
ev_task_queue_last(struct ev_task *task)
{
	if (task->queued)
		return;
	task->queued = task->last = true;
	TAILQ_INSERT_TAIL(&loop.last, task, link);
}

void
ev_task_cancel(struct ev_task *task)
{
	if (!task->queued)
		return;
	task->queued = false;
	if (task->last)
		TAILQ_REMOVE(&loop.last, task, link);
	else
		TAILQ_REMOVE(&loop.tasks, task, link);
}

static void
on_signalfd(struct ev_io *io, unsigned events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(io->fd, &info, sizeof info) == sizeof info) {
		const unsigned signo = info.ssi_signo;

		if (signo < NSIG && loop.on_signal[signo] != NULL)
			loop.on_signal[signo]((int)signo);
	}
}

void
ev_signal(int signo, void (*on_signal)(int signo))
{
	const bool first = loop.sigfd == -1;

	must(signo > 0 && signo < NSIG);
	loop.on_signal[signo] = on_signal;
	sigaddset(&loop.signals, signo);
	must(sigprocmask(SIG_BLOCK, &loop.signals, NULL) == 0);
	loop.sigfd =
	    signalfd(loop.sigfd, &loop.signals, SFD_CLOEXEC | SFD_NONBLOCK);
	must(loop.sigfd != -1);
	if (!first)
		return;
	ev_io_init(&loop.sig_io, loop.sigfd, on_signalfd);
	ev_io_set(&loop.sig_io, EV_READ);
}
