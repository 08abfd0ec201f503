/* SPDX-License-Identifier: ISC */
/* A stream on one end of a socket pair, and this test on the other. */
#include "ev/stream.h"

#include "tests/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

static const struct stream_limits limits = { 100, 100000, 2000, 1000 };

/* One stream at a time; on the heap, so that a sanitizer sees late uses. */
static struct stream *s;
static int far;
static struct ev_timer guard;
static void (*input_fn)(struct stream *);
static void (*drain_fn)(struct stream *);
static int inputs, drains, ends, connects;
static enum stream_end end_why;
static int end_errno;
static bool close_at_end;

static void
free_stream(void)
{
	stream_close(s);
	memset(s, 0xa5, sizeof *s);
	free(s);
	s = NULL;
}

static void
on_input(struct stream *x)
{
	assert_ptr_equal(x, s);
	inputs++;
	input_fn(x);
}

static void
on_drain(struct stream *x)
{
	drains++;
	drain_fn(x);
}

static void
on_end(struct stream *x, enum stream_end why)
{
	ends++;
	end_why = why;
	end_errno = x->saved_errno;
	if (close_at_end)
		free_stream();
	ev_stop();
}

static void
on_connect(struct stream *x)
{
	(void)x;
	connects++;
	if (connects == 100)
		free_stream();
	ev_stop();
}

static const struct stream_handler handler = { on_input, on_drain, on_end,
	on_connect };

static void
on_guard(struct ev_timer *t)
{
	(void)t;
	fail_msg("nothing happens any more");
}

static void
take_all(struct stream *x)
{
	stream_consume(x, stream_input(x).n);
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	inputs = drains = ends = connects = 0;
	close_at_end = false;
	input_fn = take_all;
	drain_fn = take_all;
	s = NULL;
	ev_timer_init(&guard, on_guard);
	ev_timer_set(&guard, 10000);
	return 0;
}

static void
pair(void)
{
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	s = xcalloc(1, sizeof *s);
	stream_init(s, fd[0], &handler, &limits);
	far = fd[1];
}

static int
teardown(void **state)
{
	(void)state;
	if (s != NULL)
		free_stream();
	if (far != -1)
		close(far);
	far = -1;
	return 0;
}

static void
say(const char *text)
{
	const size_t n = strlen(text);

	assert_int_equal(write(far, text, n), n);
}

static void
stop_task(struct ev_task *task)
{
	(void)task;
	ev_stop();
}

/* Let the loop turn N times. */
static void
turns(int n)
{
	struct ev_task task;

	for (int i = 0; i < n; i++) {
		ev_task_init(&task, stop_task);
		ev_task_queue(&task);
		ev_run();
	}
}

/* All that the stream has sent, up to SIZE. */
static size_t
heard(char *p, size_t size)
{
	size_t n = 0;

	for (ssize_t got; n < size && (got = read(far, p + n, size - n)) > 0;)
		n += (size_t)got;
	return n;
}

static void
assert_heard(const char *text)
{
	char said[1000];
	const size_t n = heard(said, sizeof said);

	assert_true(slice_is(slice_of(said, n), text));
}

static void
echo_lines(struct stream *x)
{
	const struct slice in = stream_input(x);
	const size_t nl = slice_find(in, '\n');

	if (nl == in.n)
		return;
	stream_write(x, slice_sub(in, 0, nl + 1));
	stream_consume(x, nl + 1);
}

static void
test_lines_and_idle_buffers(void **state)
{
	(void)state;
	input_fn = echo_lines;
	pair();
	say("one\ntwo\nthr");
	turns(2);
	assert_heard("one\ntwo\n");
	assert_int_equal(stream_input(s).n, 3);
	say("ee\n");
	turns(2);
	assert_heard("three\n");
	/* An idle stream holds no buffers. */
	assert_null(s->in.p);
	assert_null(s->out.p);
}

static void
printf_much(struct stream *x)
{
	take_all(x);
	stream_printf(x, "%d %s\n", 250, "ok");
	stream_printf(x, "%*d\n", 1500, 7);
}

/* Who handed a socket in may take O_NONBLOCK away at any time. */
static void
test_blocking_socket(void **state)
{
	(void)state;
	input_fn = echo_lines;
	pair();
	assert_int_equal(fcntl(s->io.fd, F_SETFL, 0), 0);
	say("one\n");
	turns(2);
	assert_heard("one\n");
	assert_true(ev_takes(s->io.fd));
	assert_false(ev_takes(-1));
}

/* What the loop cannot watch. */
static void
test_takes_no_file(void **state)
{
	const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_false(ev_takes(fd));
	close(fd);
}

static void
test_printf_and_shared_write(void **state)
{
	char said[2000];

	(void)state;
	input_fn = printf_much;
	pair();
	say("x");
	turns(2);
	assert_int_equal(read(far, said, sizeof said), 7 + 1501);
	assert_memory_equal(said, "250 ok\n   ", 10);
	assert_memory_equal(said + 7 + 1498, " 7\n", 3);
}

static void
pause_after_line(struct stream *x)
{
	echo_lines(x);
	stream_pause(x);
}

static void
test_pause_and_resume(void **state)
{
	(void)state;
	input_fn = pause_after_line;
	pair();
	say("one\ntwo\n");
	turns(3);
	assert_heard("one\n");
	assert_int_equal(inputs, 1);
	say("three\n");
	turns(3);
	assert_int_equal(inputs, 1);
	stream_resume(s);
	assert_int_equal(inputs, 1); /* never from inside */
	turns(3);
	assert_heard("two\n");
	stream_resume(s);
	stream_resume(s);
	turns(3);
	assert_heard("three\n");
	assert_int_equal(inputs, 3);
	/* Paused, a peer that goes away does not wake the loop for ever; its
	 * end is told after the resume. */
	close(far);
	far = -1;
	turns(3);
	assert_int_equal(ends, 0);
	stream_resume(s);
	ev_run();
	assert_int_equal(ends, 1);
	assert_int_equal(end_why, STREAM_EOF);
}

static void
take_nothing(struct stream *x)
{
	(void)x;
}

static void
take_all_but_one(struct stream *x)
{
	stream_consume(x, stream_input(x).n - 1);
}

/* A pause in which nothing comes leaves the loop as it is; once something
 * comes, the loop is told, or it would spin. */
static void
test_quiet_pause(void **state)
{
	(void)state;
	input_fn = pause_after_line;
	pair();
	say("one\n");
	turns(3);
	assert_int_equal(s->io.events, EV_READ);
	stream_resume(s);
	turns(3);
	assert_int_equal(s->io.events, EV_READ);
	say("two\n");
	turns(3);
	say("three\n");
	turns(3);
	assert_int_equal(s->io.events, 0);
	assert_int_equal(inputs, 2);
	stream_resume(s);
	turns(3);
	assert_int_equal(inputs, 3);
	assert_heard("one\ntwo\nthree\n");
}

static void
test_cork(void **state)
{
	(void)state;
	pair();
	stream_cork(s, true);
	stream_write(s, SLICE("one "));
	turns(3);
	stream_write(s, SLICE("two "));
	say("input is taken meanwhile");
	turns(3);
	assert_int_equal(inputs, 1);
	assert_heard("");
	stream_cork(s, false);
	turns(3);
	assert_heard("one two ");
	/* The end pulls it. */
	stream_cork(s, true);
	stream_write(s, SLICE("bye"));
	stream_finish(s);
	turns(3);
	assert_heard("bye");
	assert_int_equal(ends, 1);
}

/* Room for a bulk sender is not kept for the line it ends with. */
static void
test_large_and_small_reads(void **state)
{
	static const struct stream_limits large = { 200000, 100, 100, 0 };
	static char bytes[150000];
	size_t sent = 0;
	int fd[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	s = xcalloc(1, sizeof *s);
	stream_init(s, fd[0], &handler, &large);
	far = fd[1];
	input_fn = take_nothing;
	while (sent < sizeof bytes) {
		const ssize_t n = write(far, bytes + sent, sizeof bytes - sent);

		if (n > 0)
			sent += (size_t)n;
		turns(1);
	}
	turns(30);
	assert_int_equal(stream_input(s).n, sizeof bytes);
	input_fn = take_all_but_one;
	say("x");
	turns(3);
	assert_int_equal(stream_input(s).n, 1);
	assert_true(s->in.cap < 1000);
}

static void
test_input_overflow(void **state)
{
	char line[101];

	(void)state;
	memset(line, 'x', 100);
	line[100] = '\0';
	input_fn = take_nothing;
	pair();
	say(line);
	turns(2);
	assert_int_equal(ends, 0);
	assert_int_equal(stream_input(s).n, 100);
	say("x");
	ev_run();
	assert_int_equal(end_why, STREAM_OVERFLOW);
	turns(3);
	assert_int_equal(ends, 1);
}

static void
test_output_overflow(void **state)
{
	static char big[100001];

	(void)state;
	pair();
	stream_write(s, slice_of(big, 100000));
	assert_int_equal(stream_waiting(s), 100000);
	turns(1);
	assert_int_equal(ends, 0);
	stream_write(s, slice_of(big, 100001));
	ev_run();
	assert_int_equal(end_why, STREAM_OVERFLOW);
	stream_write(s, SLICE("x"));
	assert_int_equal(ends, 1);
}

/* All commands in one packet, and then silence: each must be answered, though
 * reading stops between them. */
static void
answer_much(struct stream *x)
{
	static char answer[3000];
	const struct slice in = stream_input(x);
	const size_t nl = slice_find(in, '\n');

	if (nl == in.n)
		return;
	stream_consume(x, nl + 1);
	stream_write(x, slice_of(answer, sizeof answer));
}

static void
test_pipelined_past_out_high(void **state)
{
	static char said[40000];
	size_t n = 0;

	(void)state;
	input_fn = answer_much;
	pair();
	for (int i = 0; i < 10; i++)
		say("NOOP\n");
	for (int i = 0; i < 100 && n < 30000; i++) {
		turns(1);
		n += heard(said, sizeof said);
	}
	assert_int_equal(n, 30000);
	assert_int_equal(inputs, 10);
}

/* A client that sends and never reads: its input is left in the socket. */
static void
test_slow_reader_is_not_read(void **state)
{
	int sent = 0;

	(void)state;
	input_fn = answer_much;
	pair();
	while (write(far, "NOOP\n", 5) == 5 && sent < 100000)
		sent++;
	turns(100);
	assert_int_equal(ends, 0);
	assert_true(stream_waiting(s) <= 2000 + 3000);
	assert_true(inputs < sent);
}

static void
test_half_close(void **state)
{
	(void)state;
	input_fn = echo_lines;
	pair();
	say("last\npart");
	shutdown(far, SHUT_WR);
	ev_run();
	assert_int_equal(end_why, STREAM_EOF);
	assert_heard("last\n");
	assert_true(slice_is(stream_input(s), "part"));
}

static void
hold_up_first(struct stream *x)
{
	if (inputs == 1) {
		stream_pause(x);
		stream_resume(x);
	} else
		echo_lines(x);
}

/* The same when the last input was held up. */
static void
test_half_close_with_input_held_up(void **state)
{
	(void)state;
	input_fn = hold_up_first;
	pair();
	say("one\ntwo\n");
	shutdown(far, SHUT_WR);
	ev_run();
	assert_int_equal(end_why, STREAM_EOF);
	assert_heard("one\ntwo\n");
}

static void
answer_90000(struct stream *x)
{
	static char answer[90000];

	take_all(x);
	stream_write(x, slice_of(answer, sizeof answer));
}

/* A client that has sent all it will ("... | nc -N") still gets all of a long
 * answer. */
static void
test_half_close_with_output_waiting(void **state)
{
	static const int small = 4096;
	static char said[100000];
	size_t n = 0;

	(void)state;
	input_fn = answer_90000;
	pair();
	setsockopt(s->io.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	say("x");
	shutdown(far, SHUT_WR);
	for (int i = 0; i < 1000 && n < 90000; i++) {
		turns(1);
		n += heard(said, 5000);
	}
	assert_int_equal(n, 90000);
	if (ends == 0)
		ev_run();
	assert_int_equal(end_why, STREAM_EOF);
}

static void
test_peer_gone(void **state)
{
	(void)state;
	pair();
	close(far);
	far = -1;
	stream_write(s, SLICE("x"));
	ev_run();
	assert_int_equal(ends, 1);
	assert_int_equal(end_why, STREAM_ERROR);
	assert_int_equal(end_errno, EPIPE);
	stream_want_drain(s);
	stream_finish(s);
	turns(3);
	assert_int_equal(ends, 1);
	assert_int_equal(drains, 0);
	assert_false(s->flush.queued);
}

static void
test_deadline(void **state)
{
	(void)state;
	pair();
	stream_set_deadline(s, 1);
	stream_set_deadline(s, 0);
	turns(3);
	assert_false(ev_timer_running(&s->deadline));
	stream_set_deadline(s, 5);
	stream_set_deadline(s, 1);
	ev_run();
	assert_int_equal(end_why, STREAM_TIMEOUT);
	assert_int_equal(end_errno, ETIMEDOUT);
	stream_set_deadline(s, 1);
	assert_false(ev_timer_running(&s->deadline));
	turns(2);
	assert_int_equal(ends, 1);
}

static int chunks_left;

static void
produce(struct stream *x)
{
	static char chunk[1500];

	assert_true(stream_waiting(x) <= limits.out_low);
	if (chunks_left-- == 0) {
		stream_finish(x);
		return;
	}
	stream_write(x, slice_of(chunk, sizeof chunk));
	stream_want_drain(x);
}

/* A long answer made bit by bit: all of it arrives, little of it waits. */
static void
test_drain_and_finish(void **state)
{
	static char said[400000];
	size_t n = 0;

	(void)state;
	drain_fn = produce;
	chunks_left = 200;
	pair();
	stream_want_drain(s);
	assert_int_equal(drains, 0); /* never from inside */
	for (int i = 0; i < 10000 && ends == 0; i++) {
		turns(1);
		n += heard(said, 7000);
	}
	n += heard(said, sizeof said);
	assert_int_equal(n, 200 * 1500);
	assert_int_equal(drains, 201);
	assert_int_equal(end_why, STREAM_EOF);
}

/* After stream_finish no input counts. */
static void
test_finish_ignores_input(void **state)
{
	(void)state;
	pair();
	stream_write(s, SLICE("bye\n"));
	stream_finish(s);
	say("more\n");
	ev_run();
	assert_int_equal(inputs, 0);
	assert_int_equal(end_why, STREAM_EOF);
	assert_heard("bye\n");
}

static void
close_in_input(struct stream *x)
{
	(void)x;
	free_stream();
	ev_stop();
}

static void
test_close_in_callbacks(void **state)
{
	(void)state;
	/* on_input, with more input behind it and output queued */
	input_fn = close_in_input;
	pair();
	stream_write(s, SLICE("x"));
	say("one\ntwo\n");
	ev_run();
	assert_null(s);
	close(far);
	/* on_drain */
	drain_fn = close_in_input;
	pair();
	stream_want_drain(s);
	say("x");
	ev_run();
	assert_null(s);
	close(far);
	/* on_end, for each reason */
	close_at_end = true;
	input_fn = take_nothing;
	pair();
	close(far);
	ev_run();
	assert_null(s);
	pair();
	stream_set_deadline(s, 1);
	ev_run();
	assert_null(s);
	close(far);
	pair();
	close(far);
	stream_write(s, SLICE("x"));
	ev_run();
	assert_null(s);
	far = -1;
	assert_int_equal(ends, 3);
}

static void
test_release_fd(void **state)
{
	int fd;

	(void)state;
	input_fn = take_nothing;
	pair();
	say("left");
	turns(2);
	stream_write(s, SLICE("never sent"));
	fd = stream_release_fd(s);
	assert_int_equal(write(fd, "direct", 6), 6);
	turns(2);
	assert_heard("direct");
	close(fd);
	assert_int_equal(ends, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(test_lines_and_idle_buffers),
		T(test_blocking_socket),
		T(test_takes_no_file),
		T(test_printf_and_shared_write),
		T(test_pause_and_resume),
		T(test_quiet_pause),
		T(test_cork),
		T(test_large_and_small_reads),
		T(test_input_overflow),
		T(test_output_overflow),
		T(test_pipelined_past_out_high),
		T(test_slow_reader_is_not_read),
		T(test_half_close),
		T(test_half_close_with_input_held_up),
		T(test_half_close_with_output_waiting),
		T(test_peer_gone),
		T(test_deadline),
		T(test_drain_and_finish),
		T(test_finish_ignores_input),
		T(test_close_in_callbacks),
		T(test_release_fd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
