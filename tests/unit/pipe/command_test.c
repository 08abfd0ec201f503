/* SPDX-License-Identifier: ISC */
/* Commands that really run: what they are fed, what they print, their end. */
#include "pipe/command.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"

static unsigned waiting;
static struct ev_timer guard;

static void
on_end(struct command *c)
{
	(void)c;
	if (--waiting == 0)
		ev_stop();
}

static void
on_guard(struct ev_timer *t)
{
	(void)t;
	fail_msg("the loop does not end");
}

static void
start(struct command *c, const char *script, struct slice head,
    struct slice message, int64_t timeout_ms, size_t output_max)
{
	char path[] = "PATH=/usr/bin:/bin", sh[] = "/bin/sh", flag[] = "-c";
	char *envp[] = { path, NULL };
	char *argv[] = { sh, flag, xstrdup(script), NULL };
	struct buf h = { .max = 1000 };
	const struct command_limits limits = { .timeout_ms = timeout_ms,
		.output_max = output_max };
	struct command_input in = { .head = &h,
		.file = memfd_create("message", MFD_CLOEXEC),
		.offset = 3,
		.size = (int64_t)message.n };
	struct err err;

	assert_int_equal(fd_write_all(in.file, SLICE("xyz"), NULL), 0);
	assert_int_equal(fd_write_all(in.file, message, NULL), 0);
	buf_add(&h, head);
	assert_int_equal(
	    command_start(c, argv, envp, &in, &limits, on_end, &err), 0);
	free(argv[2]);
	waiting++;
}

static void
run(void)
{
	ev_timer_init(&guard, on_guard);
	ev_timer_set(&guard, 60000);
	ev_run();
	ev_timer_stop(&guard);
}

static void
finish(struct command *c)
{
	int file = c->feed.file;

	command_fini(c);
	fd_close(&file);
}

static void
test_convert(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *out; } rows[] = {
		{ "a\r\nb\r\n", "a\nb\n" },
		{ "a\nb\n", "a\nb\n" },
		{ "a\r\n\r\nb", "a\n\nb\n" },
		{ "a\rb\r\r\nc\r\n", "a\rb\r\nc\n" },
		{ "end\r", "end\n" },
		{ "", "" },
		{ "\r\n", "\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct feed f = { .out = { .max = 100 } };

			feed_convert(&f, slice_sub(in, 0, cut));
			feed_convert(&f, slice_from(in, cut));
			feed_convert_end(&f);
			assert_string_equal(buf_cstr(&f.out), rows[i].out);
			buf_fini(&f.out);
		}
	}
}

static void
test_input_and_output(void **state)
{
	struct command c;

	(void)state;
	start(&c, "cat; echo done >&2", SLICE("Head: 1\n"),
	    SLICE("A: b\r\n\r\nlast"), 50000, 100);
	run();
	assert_true(
	    WIFEXITED(c.wait_status) && WEXITSTATUS(c.wait_status) == 0);
	assert_string_equal(
	    buf_cstr(&c.printed), "Head: 1\nA: b\n\nlast\ndone\n");
	assert_int_equal(c.feed.err.class, ERR_NONE);
	finish(&c);
}

/* Much of both at once: neither side waits for the other. */
static void
test_large(void **state)
{
	const size_t n = 3000000;
	char *bytes = xmalloc(n);
	struct command c;

	(void)state;
	for (size_t i = 0; i < n; i++)
		bytes[i] = i % 70 == 68 ? '\r' : i % 70 == 69 ? '\n' : 'x';
	start(&c, "tee /dev/stderr | wc -c >&2", SLICE("h\n"),
	    slice_of(bytes, n), 50000, 10);
	run();
	assert_true(
	    WIFEXITED(c.wait_status) && WEXITSTATUS(c.wait_status) == 0);
	assert_string_equal(buf_cstr(&c.printed), "h\nxxxxxxxx");
	finish(&c);
	free(bytes);
}

/* A command need not read what it is given. */
static void
test_reads_nothing(void **state)
{
	char *bytes = xcalloc(1, 500000);
	struct command c;

	(void)state;
	start(&c, "exec <&-; exit 75", SLICE("h\n"), slice_of(bytes, 500000),
	    50000, 10);
	run();
	assert_int_equal(WEXITSTATUS(c.wait_status), 75);
	assert_int_equal(c.feed.err.class, ERR_NONE);
	finish(&c);
	free(bytes);
}

/* The time limit ends the command with all that it started. */
static void
test_time_limit(void **state)
{
	struct command c;
	char byte;

	(void)state;
	start(&c, "sleep 1000 & echo ready; sleep 1000", SLICE("h\n"),
	    SLICE("m\n"), 100, 100);
	run();
	assert_true(c.timed_out);
	assert_true(WIFSIGNALED(c.wait_status));
	/* Both held the pipe; at its end both are gone. */
	if (c.output.fd != -1) {
		const int flags = 0;

		assert_int_equal(fcntl(c.output.fd, F_SETFL, flags), 0);
		while (read(c.output.fd, &byte, 1) == 1)
			continue;
	}
	finish(&c);
}

/* What a command leaves running does not hold up its result. */
static void
test_background(void **state)
{
	struct command c;

	(void)state;
	start(
	    &c, "sleep 1000 & echo $!", SLICE("h\n"), SLICE("m\n"), 50000, 100);
	run();
	assert_true(WIFEXITED(c.wait_status));
	assert_int_equal(
	    kill((pid_t)strtol(buf_cstr(&c.printed), NULL, 10), SIGKILL), 0);
	finish(&c);
}

/* A file that ends early: the command is not let believe it has it all. */
static void
test_torn_file(void **state)
{
	struct command c;

	(void)state;
	start(&c, "cat >/dev/null; echo whole", SLICE("h\n"),
	    SLICE("message\n"), 50000, 100);
	assert_int_equal(ftruncate(c.feed.file, 5), 0);
	run();
	assert_int_equal(c.feed.err.class, ERR_TEMP);
	assert_true(WIFSIGNALED(c.wait_status));
	assert_int_equal(c.printed.n, 0);
	finish(&c);
}

static void
test_many(void **state)
{
	struct command c[40];

	(void)state;
	for (int i = 0; i < 40; i++) {
		char script[40];

		snprintf(script, sizeof script, "cat >/dev/null; exit %d", i);
		start(&c[i], script, SLICE("h\n"), SLICE("m\n"), 50000, 100);
	}
	run();
	for (int i = 0; i < 40; i++) {
		assert_int_equal(WEXITSTATUS(c[i].wait_status), i);
		finish(&c[i]);
	}
}

static void
test_kill_all(void **state)
{
	struct command c[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		start(&c[i], "sleep 1000", SLICE("h\n"), SLICE("m\n"), 50000,
		    100);
	command_kill_all();
	run();
	for (int i = 0; i < 3; i++) {
		assert_true(WIFSIGNALED(c[i].wait_status));
		assert_false(c[i].timed_out);
		finish(&c[i]);
	}
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	command_init();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_input_and_output),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_reads_nothing),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_torn_file),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_kill_all),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
