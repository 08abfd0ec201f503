/* SPDX-License-Identifier: ISC */
#include "reporter/tally.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/kvstamp.h"

static struct {
	char path[64];
	int dir;
} test;

static const struct tally_limits usual = {
	.interval_s = 100, .rows = 1000, .room = 1 << 20
};

static int
setup(void **state)
{
	(void)state;
	snprintf(test.path, sizeof test.path, "/tmp/tally.XXXXXX");
	assert_non_null(mkdtemp(test.path));
	test.dir = open(test.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(test.dir, -1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tally_close();
	kvstamp_remove(test.dir);
	close(test.dir);
	return rmdir(test.path);
}

static bool
open_table(const char *boot_id)
{
	struct err err = { 0 };
	bool lost;

	if (tally_open(test.dir, boot_id, &lost, &err) == -1)
		fail_msg("%s", err.text);
	return lost;
}

/* Count ROW of DOMAIN at NOW_S; did it find room? */
static bool
count(const struct tally_limits *limits, const char *domain, const char *row,
    int64_t now_s)
{
	const struct tally_message m = { .domain = slice_str(domain),
		.about = slice_str(domain),
		.row = slice_str(row),
		.count_at = 1 };
	struct err err = { 0 };
	bool missed = false;

	if (tally_begin(limits, &err) == -1 ||
	    tally_add(&m, now_s, &missed, &err) == -1 ||
	    tally_commit(&err) == -1)
		fail_msg("%s", err.text);
	return !missed;
}

static void
each(void *arg, struct slice row, size_t count_at, uint64_t n)
{
	buf_addf(arg, " %.*s%llu%.*s", SLICE_FMT(slice_sub(row, 0, count_at)),
	    (unsigned long long)n, SLICE_FMT(slice_from(row, count_at)));
}

/* "1-100 a.test:0 a2b; ..." of all reports, rows in the order of their
 * digests. */
static void
says(struct buf *out)
{
	struct tally_report r = { .begin_s = 0 };
	struct arena a;

	arena_init(&a);
	buf_reset(out);
	while (tallied_next(&r, &a, NULL) == FOUND) {
		struct tally_after after = { .some = false };
		enum found f = FOUND;

		buf_addf(out, "%lld-%lld %s:%d+%llu", (long long)r.begin_s,
		    (long long)r.end_s, r.domain, (int)r.state,
		    (unsigned long long)r.missed);
		assert_true(slice_is(r.about, r.domain));
		while (f == FOUND)
			f = tallied_rows(&r, &after, 2, each, out, NULL);
		assert_int_equal(f, ABSENT);
		buf_adds(out, "; ");
	}
	arena_fini(&a);
}

static void
expect(const char *want)
{
	struct buf out = { .max = 100000 };

	says(&out);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static void
first(struct tally_report *r, struct arena *a)
{
	*r = (struct tally_report){ .begin_s = 0 };
	assert_int_equal(tallied_next(r, a, NULL), FOUND);
}

static void
test_intervals(void **state)
{
	(void)state;
	assert_false(open_table("boot"));
	expect("");
	count(&usual, "a.test", "xy", 150);
	count(&usual, "a.test", "xy", 199);
	count(&usual, "ab.test", "xy", 160);
	expect("150-200 a.test:0+0 x2y; 150-200 ab.test:0+0 x1y; ");
	/* the next follows it, and so on where nothing was between */
	count(&usual, "a.test", "xy", 200);
	count(&usual, "a.test", "xy", 555);
	/* a clock that was set back: it is counted where time has come to */
	count(&usual, "a.test", "xy", 20);
	expect("150-200 a.test:0+0 x2y; 150-200 ab.test:0+0 x1y; "
	       "200-300 a.test:0+0 x1y; 500-600 a.test:0+0 x2y; ");
}

static void
test_cut(void **state)
{
	struct err err = { 0 };
	int64_t end;

	(void)state;
	open_table("boot");
	assert_int_equal(tallied_cut(100, 100, &end, &err), 0);
	count(&usual, "a.test", "xy", 150);
	assert_int_equal(tallied_cut(170, 100, &end, &err), 0);
	assert_int_equal(end, 170);
	count(&usual, "a.test", "xy", 170);
	/* within a second no two begin together */
	assert_int_equal(tallied_cut(170, 100, &end, &err), 0);
	assert_int_equal(end, 171);
	count(&usual, "a.test", "xy", 170);
	count(&usual, "a.test", "xy", 201);
	expect("150-170 a.test:0+0 x1y; 170-171 a.test:0+0 x1y; "
	       "171-200 a.test:0+0 x1y; 200-300 a.test:0+0 x1y; ");
}

/* However many reports an interval has, it is cut by one small record, which
 * goes when the last of them has gone. */
static void
test_cut_of_many(void **state)
{
	enum { MANY = 3000 };
	struct tally_report r = { .begin_s = 0 };
	struct err err = { 0 };
	struct arena a;
	int64_t end;
	size_t n = 0;
	bool gone;

	(void)state;
	open_table("boot");
	for (int i = 0; i < MANY; i++) {
		char domain[32];

		snprintf(domain, sizeof domain, "d%d.test", i);
		count(&usual, domain, "xy", 150);
	}
	assert_int_equal(tallied_cut(170, 100, &end, &err), 0);
	count(&usual, "later.test", "xy", 180);
	arena_init(&a);
	while (tallied_next(&r, &a, &err) == FOUND) {
		assert_int_equal(r.end_s, n++ < MANY ? 170 : 200);
		assert_int_equal(tallied_forget(&r, 10, &gone, &err), 0);
		assert_true(gone);
		arena_reset(&a);
	}
	assert_int_equal(n, MANY + 1);
	assert_string_equal(r.domain, "later.test");
	arena_fini(&a);
}

/* Kinds are apart, and rows of a group follow each other. */
static void
test_kinds(void **state)
{
	static const char *const rows[] = { "a1", "b1", "a2", "b2", "a3", "b3",
		"a4", "b4" };
	struct tally_report r = { .begin_s = 0 };
	struct tally_after after = { .some = false };
	struct buf out = { .max = 1000 };
	struct err err = { 0 };
	struct arena a;
	bool missed;
	int turns = 0;

	(void)state;
	open_table("boot");
	count(&usual, "x.test", "xy", 150);
	assert_int_equal(tally_begin(&usual, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct tally_message m = { .kind = REPORT_OF_TLS,
			.domain = SLICE("x.test"),
			.about = SLICE("x.test"),
			.row = slice_str(rows[i]),
			.count_at = 2,
			.group = 1 };

		assert_int_equal(tally_add(&m, 160, &missed, &err), 0);
	}
	assert_int_equal(tally_commit(&err), 0);
	arena_init(&a);
	assert_int_equal(tallied_next(&r, &a, &err), FOUND);
	assert_int_equal(r.kind, REPORT_OF_DMARC);
	assert_int_equal(r.rows, 1);
	assert_int_equal(tallied_next(&r, &a, &err), FOUND);
	assert_int_equal(r.kind, REPORT_OF_TLS);
	assert_int_equal(r.rows, ARRAY_LEN(rows));
	assert_int_equal(
	    tallied_rows(&r, &after, 100, each, &out, &err), ABSENT);
	/* " a31 a11 ... b21": one change from one to the other */
	for (size_t i = 5; i < out.n; i += 4)
		turns += out.p[i] != out.p[i - 4];
	assert_int_equal(turns, 1);
	assert_int_equal(tallied_next(&r, &a, &err), ABSENT);
	buf_fini(&out);
	arena_fini(&a);
}

static void
test_limits(void **state)
{
	const struct tally_limits few = {
		.interval_s = 100, .rows = 2, .room = 1 << 20
	};
	const struct tally_limits small = {
		.interval_s = 100, .rows = 1000, .room = 400
	};
	struct tally_report r;
	struct arena a;
	bool gone;

	(void)state;
	open_table("boot");
	assert_true(count(&few, "a.test", "1", 100));
	assert_true(count(&few, "a.test", "2", 100));
	assert_false(count(&few, "a.test", "3", 100));
	assert_true(count(&few, "a.test", "1", 100));
	arena_init(&a);
	first(&r, &a);
	assert_int_equal(r.rows, 2);
	assert_int_equal(r.missed, 1);
	/* all that there is, and room again when it is gone */
	assert_true(count(&small, "b.test", "1", 100));
	assert_false(count(&small, "b.test", "2", 100));
	assert_false(count(&small, "c.test", "1", 100));
	assert_int_equal(tallied_forget(&r, 10, &gone, NULL), 0);
	assert_true(gone);
	assert_true(count(&small, "c.test", "1", 100));
	arena_fini(&a);
}

static void
test_states(void **state)
{
	struct tally_report r;
	struct arena a;
	bool gone;

	(void)state;
	open_table("boot");
	for (char c = 'a'; c <= 'e'; c++)
		count(&usual, "a.test", (const char[]){ c, '\0' }, 100);
	count(&usual, "b.test", "1", 100);
	arena_init(&a);
	first(&r, &a);
	assert_int_equal(tallied_mark(&r, TALLY_SENDING, NULL, NULL), 0);
	first(&r, &a);
	assert_int_equal(r.state, TALLY_SENDING);
	assert_int_equal(r.rows, 5);
	assert_int_equal(tallied_mark(&r, TALLY_DONE, NULL, NULL), 0);
	/* in steps; the head goes last */
	assert_int_equal(tallied_forget(&r, 3, &gone, NULL), 0);
	assert_false(gone);
	first(&r, &a);
	assert_int_equal(r.state, TALLY_DONE);
	assert_int_equal(tallied_forget(&r, 3, &gone, NULL), 0);
	assert_true(gone);
	expect("100-200 b.test:0+0 11; ");
	arena_fini(&a);
}

/* What a process leaves that was killed is there for the next, as often as it
 * happens; not what a kernel left that is no more. */
static void
test_ends(void **state)
{
	(void)state;
	open_table("boot");
	count(&usual, "a.test", "xy", 150);
	tally_close(); /* synced: the same under the next kernel */
	assert_false(open_table("another"));
	expect("150-200 a.test:0+0 x1y; ");
	tally_close();
	kvstamp_clean(test.dir, "pabal-reports 2");
	for (int i = 0; i < 3; i++) {
		assert_true(
		    kvstamp_take(test.dir, "pabal-reports 2", "boot", false));
		assert_false(open_table("boot"));
		expect("150-200 a.test:0+0 x1y; ");
		tally_close();
	}
	assert_true(kvstamp_take(test.dir, "pabal-reports 2", "boot", false));
	assert_true(open_table("another"));
	expect("");
	/* of another form */
	tally_close();
	kvstamp_clean(test.dir, "pabal-reports 0");
	assert_true(open_table("another"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_intervals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_cut_of_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
