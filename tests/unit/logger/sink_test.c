/* SPDX-License-Identifier: ISC */
/* The pipes' end of the logger and the log's end, with readers that do not
 * read: every line arrives in the end, once, whole and in its process's order,
 * or is counted. */
#include "logger/sink.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/setup.h"
#include "logger/conf.h"
#include "logger/pipes.h"

enum { WRITERS = 3 };

static struct logger_conf conf = { .buffer_size = 65536 };
static struct ipc_table table;
static int writers[WRITERS], out[2], copy[2];
static struct buf got, copied;
static bool (*until)(void);
static struct ev_timer look;

/* What stands in FD's pipe, to B. */
static void
take(int fd, struct buf *b)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0)
		buf_add(b, slice_of(piece, (size_t)n));
}

static void
on_look(struct ev_timer *t)
{
	if (until())
		ev_stop();
	else
		ev_timer_set(t, 1);
}

static void
run_until(bool (*cond)(void))
{
	until = cond;
	ev_timer_init(&look, on_look);
	ev_timer_set(&look, 0);
	ev_run();
}

static void
setup(void)
{
	static int to_master[2] = { -1, -1 };

	ev_init();
	logger_conf = &conf;
	logger_pipes_init();
	logger_sinks_init();
	logger_sinks_on_room = logger_pipes_resume;
	if (to_master[0] == -1) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, to_master), 0);
		ipc_setup(ROLE_LOGGER, &table);
		ipc_set_master(to_master[0]);
	}
	assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
	for (unsigned i = 0; i < WRITERS; i++) {
		const struct log_writer w = log_writer("smtpd", i, 70 + (int)i);
		int ends[2];

		assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
		writers[i] = ends[1];
		logger_pipe_open(i, &w, ends[0]);
	}
	logger_sink_open(SINK_LOG, out[1]);
	buf_init(&got, 64 << 20);
	buf_init(&copied, 64 << 20);
}

static void
teardown(void)
{
	close(out[0]);
	buf_fini(&got);
	buf_fini(&copied);
}

/* Write lines to I, numbered from N, until its pipe is full; how many. */
static int
fill(unsigned i, int n)
{
	char text[200];
	int sent = 0;

	for (;; sent++) {
		const int len = snprintf(text, sizeof text,
		    "2026-11-20T21:15:54.953076Z info: x n=%d pad=%080d\n",
		    n + sent, 0);

		if (write(writers[i], text, (size_t)len) != len)
			return sent;
	}
}

/* The numbers that writer I's lines in TEXT have: all from 0 to N-1? */
static void
check_order(struct slice text, unsigned i, int n)
{
	char want[40];
	int next = 0;

	snprintf(want, sizeof want,
	    i > 0 ? " smtpd/%u[%d] info: x n=" : " smtpd%.0u[%d] info: x n=", i,
	    70 + (int)i);
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);
		const size_t at = slice_search(line, slice_str(want));

		if (at == line.n)
			continue;
		assert_int_equal(
		    strtol(line.p + at + strlen(want), NULL, 10), next);
		next++;
	}
	assert_int_equal(next, n);
}

static bool
is_done(void)
{
	take(out[0], &got);
	return logger_pipes_done() && logger_sink_empty(SINK_LOG);
}

static bool
is_full(void)
{
	return logger_sinks_full();
}

/* Nobody reads the log: the logger takes what it may and no more, the rest
 * waits in the pipes; when it is read, all of it comes. */
static void
test_stuck_and_read(void **state)
{
	int n[WRITERS];

	(void)state;
	setup();
	for (unsigned i = 0; i < WRITERS; i++)
		n[i] = fill(i, 0);
	run_until(is_full);
	for (unsigned i = 0; i < WRITERS; i++) {
		n[i] += fill(i, n[i]);
		close(writers[i]);
	}
	run_until(is_done);
	for (unsigned i = 0; i < WRITERS; i++)
		check_order(buf_slice(&got), i, n[i]);
	teardown();
}

static bool
is_taken(void)
{
	take(out[0], &got);
	return got.n > 0 && logger_sink_empty(SINK_LOG);
}

/* Bytes that are no line: the end of a process ends its line, too. */
static void
test_ends_of_lines(void **state)
{
	(void)state;
	setup();
	assert_int_equal(write(writers[0], "abc", 3), 3);
	assert_int_equal(write(writers[1], "\n\n\nx\n", 5), 5);
	for (unsigned i = 0; i < WRITERS; i++)
		close(writers[i]);
	run_until(is_done);
	assert_non_null(
	    strstr(buf_cstr(&got), " smtpd[70] error: proc.stderr text=abc\n"));
	assert_non_null(
	    strstr(buf_cstr(&got), " smtpd/1[71] error: proc.stderr text=x\n"));
	teardown();
}

static size_t
count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->p[i] == '\n';
	return n;
}

/* How many lines COPIED has or tells the loss of; *MISSED of the latter. */
static size_t
count_told(size_t *missed)
{
	const char *const words = "error: log.lost lines=";
	size_t lines = count_lines(&copied);

	*missed = 0;
	for (const char *p = buf_cstr(&copied); (p = strstr(p, words)) != NULL;
	     p += strlen(words), lines--)
		*missed += strtoul(p + strlen(words), NULL, 10);
	return lines + *missed;
}

/* A terminal that is not read does not hold up the file, and is told how much
 * it missed, each time that it did. */
static void
test_copy_may_miss(void **state)
{
	size_t missed, told;
	int n;

	(void)state;
	setup();
	assert_int_equal(pipe2(copy, O_CLOEXEC | O_NONBLOCK), 0);
	logger_sink_open(SINK_COPY, copy[1]);
	n = 0;
	for (int i = 0; i < 8; i++) {
		n += fill(0, n);
		got.n = i == 0 ? 0 : got.n;
		logger_pipes_drain();
		run_until(is_taken);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		close(writers[i]);
	run_until(is_done);
	check_order(buf_slice(&got), 0, n);
	do {
		take(copy[0], &copied);
		run_until(is_taken);
		told = count_told(&missed);
	} while (told < count_lines(&got));
	assert_true(missed > 0);
	assert_int_equal(told, count_lines(&got));
	close(copy[0]);
	teardown();
}

static bool
is_waiting(void)
{
	return !logger_sink_empty(SINK_LOG);
}

/* A new file while a line was half written: the whole line is in the new one.
 */
static void
test_new_file(void **state)
{
	const int file = memfd_create("log", MFD_CLOEXEC);
	struct buf second = { .max = 64 << 20 };
	char piece[4096];
	ssize_t n;
	off_t at = 0;
	int sent;

	(void)state;
	setup();
	sent = fill(0, 0);
	run_until(is_waiting);
	sent += fill(0, sent);
	logger_sink_open(SINK_LOG, dup(file));
	take(out[0], &got);
	for (unsigned i = 0; i < WRITERS; i++)
		close(writers[i]);
	run_until(is_done);
	while ((n = pread(file, piece, sizeof piece, at)) > 0) {
		buf_add(&second, slice_of(piece, (size_t)n));
		at += n;
	}
	assert_true(second.n > 0 && second.p[0] == '2');
	/* the half line goes, then both together are everything */
	while (got.n > 0 && got.p[got.n - 1] != '\n')
		got.n--;
	buf_add(&got, buf_slice(&second));
	check_order(buf_slice(&got), 0, sent);
	buf_fini(&second);
	close(file);
	teardown();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck_and_read),
		cmocka_unit_test(test_ends_of_lines),
		cmocka_unit_test(test_copy_may_miss),
		cmocka_unit_test(test_new_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
