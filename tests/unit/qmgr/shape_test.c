/* SPDX-License-Identifier: ISC */
/* What the table limits promises, in virtual time: of every delivery that was
 * begun it is checked afterwards whether it could be. */
#include "qmgr/run/shape.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "tests/clock.h"

enum { USERS = 6, EVENTS = 20000, PER_JOB = 20 };

/* A destination that has LEFT recipients to get rid of. */
struct user {
	struct shape_user shape;
	struct ev_task task;
	unsigned left;
	int64_t asked_ms; /* since when it waits */
};

static struct user users[USERS];
static struct {
	int64_t at_ms;
	size_t n;
	bool end;
} events[EVENTS];
static size_t nevents;
static int64_t took_ms = 50;

/* A delivery under way. */
struct job {
	struct ev_timer timer;
	struct user *user;
};

static void
note(size_t n, bool end)
{
	assert_true(nevents < EVENTS);
	events[nevents].at_ms = ev_now_ms();
	events[nevents].end = end;
	events[nevents++].n = n;
}

static void
on_done(struct ev_timer *t)
{
	struct job *job = OUTER(t, struct job, timer);
	struct user *u = job->user;

	note(0, true);
	free(job);
	shape_end(&u->shape);
	ev_task_queue(&u->task);
}

static void
on_task(struct ev_task *task)
{
	struct user *u = OUTER(task, struct user, task);
	struct job *job;
	size_t n;

	while (u->left > 0) {
		n = u->left < PER_JOB ? u->left : PER_JOB;
		n = shape_room(&u->shape, n);
		if (n == 0) {
			shape_wait(&u->shape);
			break;
		}
		job = xcalloc(1, sizeof *job);
		job->user = u;
		u->left -= (unsigned)n;
		shape_begin(&u->shape, n);
		note(n, false);
		ev_timer_init(&job->timer, on_done);
		ev_timer_set(&job->timer, took_ms);
		/* others have their turn */
		if (shape_limit(&u->shape)->shared)
			break;
	}
	shape_next(&u->shape);
}

static void
on_go(struct shape_user *s)
{
	ev_task_queue(&OUTER(s, struct user, shape)->task);
}

static void
want(unsigned u, const char *site, const char *limits, unsigned n)
{
	shape_bind(
	    &users[u].shape, slice_str(site), SLICE(""), slice_str(limits));
	users[u].left += n;
	ev_task_queue(&users[u].task);
}

static unsigned
left(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < USERS; i++)
		n += users[i].left;
	return n;
}

/* All is over, and forgotten. */
static void
finish(void)
{
	clock_run(86400000);
	assert_int_equal(left(), 0);
	for (unsigned i = 0; i < USERS; i++)
		shape_unbind(&users[i].shape);
	clock_run(86400000);
	nevents = 0;
}

/* No more than RATE in any MS. */
static void
check_rate(unsigned rate, int64_t ms)
{
	for (size_t i = 0; i < nevents; i++) {
		size_t sum = 0;

		for (size_t k = i;
		     k < nevents && events[k].at_ms < events[i].at_ms + ms; k++)
			sum += events[k].n;
		if (sum > rate)
			fail_msg("%zu from %lld on", sum,
			    (long long)events[i].at_ms);
	}
}

static void
check_interval(int64_t ms)
{
	int64_t last = INT64_MIN / 2;

	for (size_t i = 0; i < nevents; i++) {
		if (events[i].end)
			continue;
		assert_true(events[i].at_ms - last >= ms);
		last = events[i].at_ms;
	}
}

static void
check_sessions(unsigned sessions)
{
	unsigned n = 0, peak = 0;

	for (size_t i = 0; i < nevents; i++) {
		n = events[i].end ? n - 1 : n + 1;
		peak = n > peak ? n : peak;
	}
	assert_int_equal(peak, sessions);
}

static void
test_sessions(void **state)
{
	(void)state;
	want(0, "a", "a sessions=3", 1000);
	clock_run(3600000);
	assert_int_equal(left(), 0);
	check_sessions(3);
	finish();
}

static void
test_interval(void **state)
{
	(void)state;
	want(0, "a", "a interval=2s", 200);
	clock_run(3600000);
	assert_int_equal(left(), 0);
	check_interval(2000);
	/* and no longer than that */
	assert_int_equal(events[nevents - 2].at_ms - events[0].at_ms, 18000);
	finish();
}

/* The bound is strict, and nearly all of it is used. */
static void
test_rate(void **state)
{
	(void)state;
	want(0, "a", "a rate=100/1m", 1000);
	clock_run(59999);
	assert_int_equal(left(), 900);
	clock_run(9 * 62000);
	assert_int_equal(left(), 0);
	check_rate(100, 60000);
	finish();
}

/* All sites of an entry that is shared, each by itself of one that is not. */
static void
test_shared(void **state)
{
	char site[USERS][8];

	(void)state;
	for (unsigned i = 0; i < USERS; i++) {
		snprintf(site[i], sizeof site[i], "s%u", i);
		want(i, site[i], ".x.test sessions=2 shared", 200);
	}
	clock_run(1);
	clock_run(3600000);
	assert_int_equal(left(), 0);
	check_sessions(2);
	finish();
	for (unsigned i = 0; i < USERS; i++)
		want(i, site[i], ".x.test sessions=2", 200);
	clock_run(3600000);
	check_sessions(2 * USERS);
	finish();
	/* two entries of the same text are two */
	for (unsigned i = 0; i < USERS; i++)
		want(i, site[i],
		    i % 2 == 0 ? ".x.test sessions=2 shared"
			       : ".y.test sessions=2 shared",
		    200);
	clock_run(3600000);
	check_sessions(4);
	finish();
}

/* A site that waits is not passed over for ever, however much others have. */
static void
test_turns(void **state)
{
	(void)state;
	for (unsigned i = 0; i < USERS; i++)
		want(i, "any", ".x.test interval=1s shared",
		    i == 0 ? 20 : 20000);
	clock_run((USERS + 1) * 1000);
	assert_int_equal(users[0].left, 0);
	for (unsigned i = 0; i < USERS; i++)
		users[i].left = 0;
	finish();
}

/* A new entry binds at once, and lets through no more than the old one did
 * while what went is remembered. */
static void
test_changed(void **state)
{
	(void)state;
	want(0, "a", "a rate=100/1h", 1000);
	clock_run(60000);
	assert_int_equal(left(), 900);
	want(0, "a", "a rate=100/2h", 0);
	clock_run(7100000);
	assert_int_equal(left(), 900);
	want(0, "a", "a sessions=2", 0);
	clock_run(60000);
	assert_int_equal(left(), 0);
	want(0, "a", "", 500);
	assert_null(shape_limit(&users[0].shape));
	users[0].left = 0;
	finish();
}

/* Nor is it forgotten when nobody waits. */
static void
test_remembered(void **state)
{
	(void)state;
	want(0, "a", "a rate=10/1h", 10);
	clock_run(1000);
	assert_int_equal(left(), 0);
	shape_unbind(&users[0].shape);
	for (unsigned i = 0; i < 100; i++) {
		char site[16];

		snprintf(site, sizeof site, "s%u", i);
		want(1, site, "s rate=10/1h", 0);
		clock_run(0);
	}
	want(0, "a", "a rate=10/1h", 10);
	clock_run(3500000);
	assert_int_equal(left(), 10);
	finish();
}

static void
test_pace(void **state)
{
	static const struct {
		const char *limits;
		size_t n;
	} rows[] = {
		{ "", SIZE_MAX },
		{ "a sessions=1", SIZE_MAX },
		{ "a interval=2s", 30 },
		{ "a rate=600/1h", 10 },
		{ "a rate=600/1h interval=1s", 10 },
		{ "a rate=1/1d", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		want(0, "a", rows[i].limits, 0);
		assert_int_equal(shape_pace(&users[0].shape, 60000), rows[i].n);
	}
	finish();
}

/* Everything at once, at random. */
static void
test_laws(void **state)
{
	const unsigned seed = (unsigned)arc4random();

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 20; round++) {
		const unsigned rate = 50 + (unsigned)rand() % 200;
		const unsigned sessions = 1 + (unsigned)rand() % 5;
		const unsigned interval = 1 + (unsigned)rand() % 500;
		const unsigned seconds = 1 + (unsigned)rand() % 300;
		char limits[100];

		snprintf(limits, sizeof limits,
		    "k rate=%u/%us sessions=%u interval=%ums shared", rate,
		    seconds, sessions, interval);
		took_ms = 1 + rand() % 3000;
		for (unsigned i = 0; i < 50; i++) {
			want((unsigned)rand() % USERS, "x", limits,
			    (unsigned)rand() % 60);
			clock_run(rand() % 5000);
		}
		clock_run(86400000);
		assert_int_equal(left(), 0);
		check_rate(rate, seconds * 1000);
		check_interval(interval);
		for (unsigned i = 0, n = 0; i < nevents; i++) {
			n = events[i].end ? n - 1 : n + 1;
			assert_true(n <= sessions);
		}
		finish();
	}
}

static int
setup(void **state)
{
	(void)state;
	ev_init();
	shape_init(on_go);
	for (unsigned i = 0; i < USERS; i++)
		ev_task_init(&users[i].task, on_task);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
