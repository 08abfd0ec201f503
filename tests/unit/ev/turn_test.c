/* SPDX-License-Identifier: ISC */
#include "ev/turn.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/metric.h"
#include "sys/clock.h"

enum { WORK_US = 30000 };

static char logged[8192];

/* The bucket of FAMILY that ends at LE. */
static long
bucket(const char *family, const char *le)
{
	struct buf text = { .max = 65536 }, key = { .max = 256 };
	const char *at;
	long n = -1;

	metric_print(&text, "d=\"t\"");
	buf_addf(&key, "\n%s_bucket{d=\"t\",le=\"%s\"} ", family, le);
	at = strstr(buf_cstr(&text), buf_cstr(&key));
	if (at != NULL)
		n = strtol(at + key.n, NULL, 10);
	buf_fini(&text);
	buf_fini(&key);
	return n;
}

static void
spend(int64_t us)
{
	const int64_t until = clock_cpu_us() + us;

	while (clock_cpu_us() < until)
		;
}

static void
on_short(struct ev_task *task)
{
	(void)task;
	spend(2000);
	turn_note("long work", "alice");
	spend(WORK_US);
	turn_note("the rest", "bob");
}

static void
on_stop(struct ev_task *task)
{
	(void)task;
	ev_stop();
}

/* Run one turn of about WORK_US and keep what it logged. */
static void
run_turn(void)
{
	char path[] = "/tmp/pabal-turn.XXXXXX";
	const int fd = mkstemp(path), err = dup(2);
	struct ev_task work, stop;
	ssize_t n;

	assert_true(fd != -1 && err != -1);
	unlink(path);
	ev_init();
	ev_task_init(&work, on_short);
	ev_task_init(&stop, on_stop);
	ev_task_queue(&work);
	ev_task_queue(&stop);
	dup2(fd, 2);
	turn_restart();
	ev_run();
	dup2(err, 2);
	n = pread(fd, logged, sizeof logged - 1, 0);
	assert_true(n >= 0);
	logged[n] = '\0';
	close(err);
	close(fd);
}

static void
test_a_long_turn_is_counted_and_named(void **state)
{
	(void)state;
	turn_set_warning(WORK_US / 1000);
	run_turn();
	assert_non_null(strstr(logged, "loop.slow ms="));
	assert_non_null(
	    strstr(logged, "what=\"long work\" account=alice turns=1"));
	/* However busy the machine is, it is no shorter than its work. */
	assert_int_equal(bucket("pabal_loop_turn_seconds", "0.02"), 0);
	assert_int_equal(bucket("pabal_loop_turn_seconds", "+Inf"), 1);
	assert_int_equal(bucket("pabal_loop_turn_cpu_seconds", "0.02"), 0);
	assert_int_equal(bucket("pabal_loop_turn_cpu_seconds", "+Inf"), 1);
}

static void
test_none_is_too_long(void **state)
{
	(void)state;
	turn_set_warning(0);
	run_turn();
	assert_string_equal(logged, "");
	assert_int_equal(bucket("pabal_loop_turn_seconds", "+Inf"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_long_turn_is_counted_and_named),
		cmocka_unit_test(test_none_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
