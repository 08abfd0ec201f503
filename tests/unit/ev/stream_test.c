/* SPDX-License-Identifier: ISC */
#include "ev/stream.h"

#include "tests/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { ANSWER = 3000, LINES = 10 };

static struct stream server, client;
static size_t answered, got;

static const struct stream_limits limits = { 100, 100000, 2000, 1000 };

/* One line is taken in each call, and answered with more than out_high. */
static void
on_line(struct stream *s)
{
	static char answer[ANSWER];
	const struct slice in = stream_input(s);
	const size_t nl = slice_find(in, '\n');

	if (nl == in.n)
		return;
	stream_consume(s, nl + 1);
	stream_write(s, slice_of(answer, sizeof answer));
	answered++;
}

static void
on_answer(struct stream *s)
{
	got += stream_input(s).n;
	stream_consume(s, stream_input(s).n);
	if (got == (size_t)ANSWER * LINES)
		ev_stop();
}

static void
on_end(struct stream *s, enum stream_end why)
{
	(void)s;
	fail_msg("ended: %d", why);
}

/* All commands in one packet, and then silence: each must be answered, though
 * reading stops between them. */
static void
test_pipelined_past_out_high(void **state)
{
	static const struct stream_handler a = { .on_input = on_line,
		.on_end = on_end };
	static const struct stream_handler b = { .on_input = on_answer,
		.on_end = on_end };
	int fd[2];

	(void)state;
	ev_init();
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	stream_init(&server, fd[0], &a, &limits);
	stream_init(&client, fd[1], &b, &limits);
	for (int i = 0; i < LINES; i++)
		stream_write(&client, SLICE("NOOP\n"));
	stream_set_deadline(&client, 10000);
	ev_run();
	assert_int_equal(answered, LINES);
	stream_close(&server);
	stream_close(&client);
}

static bool held;

static void
on_half(struct stream *s)
{
	const struct slice in = stream_input(s);
	const size_t nl = slice_find(in, '\n');

	if (nl == in.n)
		return;
	if (!held) {
		held = true;
		stream_pause(s);
		stream_resume(s);
		return;
	}
	stream_consume(s, nl + 1);
	stream_write(s, SLICE("answer"));
}

static void
on_half_end(struct stream *s, enum stream_end why)
{
	(void)s;
	assert_int_equal(why, STREAM_EOF);
	if (s == &client)
		ev_stop();
	else
		stream_close(s);
}

static void
on_half_answer(struct stream *s)
{
	got += stream_input(s).n;
	stream_consume(s, stream_input(s).n);
}

/* A client that shuts down its sending side still gets the answers, also
 * when its last input was held up. */
static void
test_answered_after_half_close(void **state)
{
	static const struct stream_handler a = { .on_input = on_half,
		.on_end = on_half_end };
	static const struct stream_handler b = { .on_input = on_half_answer,
		.on_end = on_half_end };
	int fd[2];

	(void)state;
	ev_init();
	got = 0;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(write(fd[1], "one\ntwo\n", 8), 8);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	stream_init(&server, fd[0], &a, &limits);
	stream_init(&client, fd[1], &b, &limits);
	stream_set_deadline(&client, 10000);
	ev_run();
	assert_int_equal(got, 12);
	stream_close(&client);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipelined_past_out_high),
		cmocka_unit_test(test_answered_after_half_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
