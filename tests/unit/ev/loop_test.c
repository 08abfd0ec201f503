/* SPDX-License-Identifier: ISC */
#include "ev/loop.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static char trace[64];
static size_t traced;

static void
note(char c)
{
	assert_true(traced < sizeof trace - 1);
	trace[traced++] = c;
	trace[traced] = '\0';
}

static int
fresh_loop(void **state)
{
	(void)state;
	ev_init();
	traced = 0;
	trace[0] = '\0';
	return 0;
}

struct named_timer {
	struct ev_timer t;
	char name;
};

static void
on_named(struct ev_timer *t)
{
	const char name = OUTER(t, struct named_timer, t)->name;

	note(name);
	if (name == 'z')
		ev_stop();
}

static struct named_timer *
timer_new(char name, int64_t delay_ms)
{
	struct named_timer *n = xcalloc(1, sizeof *n);

	n->name = name;
	ev_timer_init(&n->t, on_named);
	ev_timer_set(&n->t, delay_ms);
	return n;
}

static void
test_timers_run_in_order(void **state)
{
	struct named_timer *n[6];

	(void)state;
	n[0] = timer_new('z', 12);
	n[1] = timer_new('c', 6);
	n[2] = timer_new('a', 1);
	n[3] = timer_new('x', 3);
	n[4] = timer_new('b', 20);
	n[5] = timer_new('d', 9);
	assert_true(ev_timer_running(&n[3]->t));
	ev_timer_stop(&n[3]->t);
	assert_false(ev_timer_running(&n[3]->t));
	ev_timer_set(&n[4]->t, 3);
	ev_run();
	assert_string_equal(trace, "abcdz");
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		assert_false(ev_timer_running(&n[i]->t));
		free(n[i]);
	}
}

static struct named_timer *victim;
static struct ev_timer killer, stopper;

static void
on_stop(struct ev_timer *t)
{
	(void)t;
	ev_stop();
}

static void
on_kill(struct ev_timer *t)
{
	(void)t;
	ev_timer_stop(&victim->t);
	free(victim);
	victim = NULL;
}

/* Due in the same turn, and freed by the one before it. */
static void
test_timer_freed_by_another(void **state)
{
	(void)state;
	ev_timer_init(&killer, on_kill);
	ev_timer_init(&stopper, on_stop);
	ev_timer_set(&killer, 0);
	victim = timer_new('v', 1);
	ev_timer_set(&stopper, 2);
	ev_run();
	assert_string_equal(trace, "");
}

static int rounds;
static struct ev_timer spinner;
static struct ev_io pipe_io;
static int pipe_end;

static void
on_spin(struct ev_timer *t)
{
	rounds++;
	if (rounds == 2)
		assert_int_equal(write(pipe_end, "x", 1), 1);
	if (rounds > 1000)
		fail_msg("nobody else had a turn");
	ev_timer_set(t, 0);
}

static void
on_pipe(struct ev_io *io, unsigned events)
{
	assert_true((events & EV_READ) != 0);
	ev_io_stop(io);
	ev_timer_stop(&spinner);
	ev_stop();
}

/* A timer that sets itself to "now" again and again must leave others their
 * turn. */
static void
test_timer_at_once_does_not_starve(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	ev_timer_init(&spinner, on_spin);
	ev_timer_set(&spinner, 0);
	ev_io_init(&pipe_io, p[0], on_pipe);
	ev_io_set(&pipe_io, EV_READ);
	pipe_end = p[1];
	rounds = 0;
	ev_run();
	assert_in_range(rounds, 2, 3);
	close(p[0]);
	close(p[1]);
}

struct named_task {
	struct ev_task task;
	char name;
};

static struct named_task tasks[4];

static void
on_task(struct ev_task *task)
{
	const char name = OUTER(task, struct named_task, task)->name;

	note(name);
	if (name == 'a') {
		/* Itself and a new one: the next turn; c: never. */
		if (traced == 1)
			ev_task_queue(task);
		ev_task_queue(&tasks[3].task);
		ev_task_cancel(&tasks[2].task);
	}
	if (name == 'd' && traced >= 4)
		ev_stop();
}

static void
test_tasks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		ev_task_init(&tasks[i].task, on_task);
		tasks[i].name = (char)('a' + i);
	}
	for (size_t i = 0; i < 3; i++) {
		ev_task_queue(&tasks[i].task);
		ev_task_queue(&tasks[i].task);
	}
	ev_task_cancel(&tasks[3].task);
	ev_run();
	assert_string_equal(trace, "abad");
}

enum { SOCKS = 300 };

static struct ev_io *ios[SOCKS];
static int far_ends[SOCKS];
static int ran;

static void
io_free(size_t i)
{
	if (ios[i] == NULL)
		return;
	ev_io_stop(ios[i]);
	close(ios[i]->fd);
	xfree(&ios[i]);
}

/* Frees itself and all later ones; whatever stands in the batch behind it
 * must not be called any more. */
static void
on_first_ready(struct ev_io *io, unsigned events)
{
	(void)io;
	(void)events;
	ran++;
	for (size_t i = 0; i < SOCKS; i++)
		io_free(i);
	ev_stop();
}

static void
test_all_freed_by_one(void **state)
{
	(void)state;
	ran = 0;
	for (size_t i = 0; i < SOCKS; i++) {
		int fd[2];

		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
		ios[i] = xcalloc(1, sizeof *ios[i]);
		ev_io_init(ios[i], fd[0], on_first_ready);
		ev_io_set(ios[i], EV_READ);
		far_ends[i] = fd[1];
		assert_int_equal(write(fd[1], "x", 1), 1);
	}
	ev_run();
	assert_int_equal(ran, 1);
	for (size_t i = 0; i < SOCKS; i++)
		close(far_ends[i]);
}

static void
on_stopping(struct ev_io *io, unsigned events)
{
	(void)io;
	(void)events;
	ran++;
	ev_stop();
}

/* Who stops the loop has let go of what others need. */
static void
test_nothing_behind_a_stop(void **state)
{
	struct named_timer *late = timer_new('t', 0);
	char c;

	(void)state;
	ran = 0;
	for (size_t i = 0; i < SOCKS; i++) {
		int fd[2];

		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
		ios[i] = xcalloc(1, sizeof *ios[i]);
		ev_io_init(ios[i], fd[0], on_stopping);
		ev_io_set(ios[i], EV_READ);
		far_ends[i] = fd[1];
		assert_int_equal(write(fd[1], "x", 1), 1);
	}
	ev_run();
	assert_int_equal(ran, 1);
	assert_string_equal(trace, "");
	/* they are told when the loop runs again */
	for (size_t i = 1; i < SOCKS; i++)
		ev_run();
	assert_true(ran >= SOCKS - 1);
	for (size_t i = 0; i < SOCKS; i++) {
		assert_int_equal(read(ios[i]->fd, &c, 1), 1);
		io_free(i);
		close(far_ends[i]);
	}
	ev_timer_stop(&late->t);
	free(late);
}

static unsigned seen;

static void
on_seen(struct ev_io *io, unsigned events)
{
	seen |= events;
	if ((seen & EV_HUP) != 0) {
		ev_io_stop(io);
		ev_io_stop(io);
		ev_stop();
	} else if ((seen & (EV_READ | EV_WRITE)) == (EV_READ | EV_WRITE)) {
		ev_io_set(io, 0);
		close(far_ends[0]);
	} else if ((seen & EV_WRITE) != 0)
		ev_io_set(io, EV_READ);
}

static void
test_events(void **state)
{
	struct ev_io io;
	int fd[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	far_ends[0] = fd[1];
	assert_int_equal(write(fd[1], "x", 1), 1);
	seen = 0;
	ev_io_init(&io, fd[0], on_seen);
	ev_io_set(&io, EV_WRITE);
	ev_run();
	assert_int_equal(seen, EV_READ | EV_WRITE | EV_HUP);
	close(fd[0]);
}

static int signals;

static void
on_signal(int signo)
{
	signals += signo == SIGUSR1 ? 1 : 100;
	if (signals == 101)
		ev_stop();
}

static void
test_signals(void **state)
{
	(void)state;
	signals = 0;
	ev_signal(SIGUSR1, on_signal);
	ev_signal(SIGUSR2, on_signal);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	ev_run();
	assert_int_equal(signals, 101);
}

/* After a fork the child has a loop of its own: what it does to its watchers
 * does not reach the parent's. */
static void
test_fork(void **state)
{
	int p[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	ev_timer_init(&spinner, on_stop);
	ev_io_init(&pipe_io, p[0], on_pipe);
	ev_io_set(&pipe_io, EV_READ);
	pid = fork();
	if (pid == 0) {
		struct named_timer *n;

		ev_init();
		n = timer_new('z', 0);
		ev_run();
		free(n);
		_exit(traced == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	ev_run();
	close(p[0]);
	close(p[1]);
}

static uint64_t turn_behind;

static void
on_turn_behind(struct ev_timer *t)
{
	(void)t;
	turn_behind = ev_turn();
	ev_stop();
}

static void
on_new_loop(struct ev_timer *t)
{
	ev_init();
	ev_timer_init(t, on_turn_behind);
	ev_timer_set(t, 1);
}

/* A child that was forked in a turn has turns of its own. */
static void
test_turns_after_a_fork(void **state)
{
	struct ev_timer t;

	(void)state;
	ev_timer_init(&t, on_new_loop);
	ev_timer_set(&t, 0);
	turn_behind = 0;
	assert_int_equal(ev_turn(), 0);
	ev_run();
	assert_true(turn_behind > 0);
	assert_int_equal(ev_turn(), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_timers_run_in_order, fresh_loop),
		cmocka_unit_test_setup(test_timer_freed_by_another, fresh_loop),
		cmocka_unit_test_setup(
		    test_timer_at_once_does_not_starve, fresh_loop),
		cmocka_unit_test_setup(test_tasks, fresh_loop),
		cmocka_unit_test_setup(test_all_freed_by_one, fresh_loop),
		cmocka_unit_test_setup(test_nothing_behind_a_stop, fresh_loop),
		cmocka_unit_test_setup(test_events, fresh_loop),
		cmocka_unit_test_setup(test_signals, fresh_loop),
		cmocka_unit_test_setup(test_fork, fresh_loop),
		cmocka_unit_test_setup(test_turns_after_a_fork, fresh_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
