/* SPDX-License-Identifier: ISC */
#include "ctl/view/qcause.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

enum { NOW = 1000000 };

/* ---- counting ---- */

static struct qview_rcpt rcpts[] = {
	{ .address = SLICE("a@one.test"),
	    .site = SLICE("smtp:mx.test"),
	    .dsn = SLICE("4.7.1"),
	    .text = SLICE("later") },
	{ .address = SLICE("b@one.test"),
	    .site = SLICE("smtp:mx.test"),
	    .dsn = SLICE("4.7.1"),
	    .text = SLICE("later") },
	{ .address = SLICE("c@two.test"),
	    .site = SLICE("smtp:mx.test"),
	    .dsn = SLICE("4.4.1"),
	    .text = SLICE("no route") },
	{ .address = SLICE("d@three.test") },
};

static const struct qview_entry entries[] = {
	{ .qid = SLICE("0AAA"),
	    .state = SLICE("waiting"),
	    .arrived_s = NOW - 100,
	    .size_bytes = 10,
	    .next_s = NOW + 60,
	    .rcpts = rcpts,
	    .nrcpts = 3 },
	{ .qid = SLICE("0BBB"),
	    .state = SLICE("held"),
	    .arrived_s = NOW - 300,
	    .size_bytes = 20,
	    .next_s = -1,
	    .rcpts = rcpts + 1,
	    .nrcpts = 3 },
};

static void
test_tally(void **state)
{
	/* clang-format off */
	static const struct {
		enum qtally_of of;
		const char *name;
		int64_t messages, rcpts;
		const char *oldest, *reason, *filter;
	} rows[] = {
		{ QTALLY_ALL, "", 2, 6, "0BBB", "4.7.1 later", "" },
		{ QTALLY_SITE, "smtp:mx.test", 2, 5, "0BBB", "4.7.1 later",
		  "site=smtp:mx.test " },
		{ QTALLY_SITE, "three.test", 1, 1, "0BBB", NULL,
		  "site=three.test " },
		{ QTALLY_DOMAIN, "Two.test", 2, 2, "0BBB", "4.4.1 no route",
		  "domain=Two.test " },
		{ QTALLY_ADDRESS, "a@one.test", 1, 1, "0AAA", "4.7.1 later",
		  "recipient=a@one.test " },
		{ QTALLY_ADDRESS, "\"a *\"@[1.2]", 0, 0, "", NULL,
		  "recipient=\"a?\\*\"@\\[1.2] " },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf filter = { .max = 1000 };
		const struct qtally_group *most = NULL;
		struct qtally t;

		qtally_init(&t, rows[i].of, slice_str(rows[i].name));
		for (size_t j = 0; j < ARRAY_LEN(entries); j++)
			assert_true(qtally_add(&t, &entries[j]));
		assert_int_equal(t.messages, rows[i].messages);
		assert_int_equal(t.rcpts, rows[i].rcpts);
		assert_string_equal(t.oldest, rows[i].oldest);
		assert_int_equal(
		    qtally_most(&t.reasons, &most, 1), rows[i].reason != NULL);
		if (rows[i].reason != NULL)
			assert_string_equal(most->name, rows[i].reason);
		qtally_filter(&t, &filter);
		assert_true(slice_is(buf_slice(&filter), rows[i].filter));
		buf_fini(&filter);
		qtally_fini(&t);
	}
}

/* A name that is longer than a pattern may be is cut, and still a pattern. */
static void
test_long_name(void **state)
{
	struct buf name = { .max = 1000 }, filter = { .max = 1000 };
	struct qtally t;

	(void)state;
	while (name.n < 500)
		buf_adds(&name, "[*");
	qtally_init(&t, QTALLY_SITE, buf_slice(&name));
	qtally_filter(&t, &filter);
	assert_true(filter.n < 256);
	assert_true(slice_ends(buf_slice(&filter), SLICE("\\[\\** ")) ||
		    slice_ends(buf_slice(&filter), SLICE("\\*\\[* ")));
	qtally_fini(&t);
	buf_fini(&name);
	buf_fini(&filter);
}

/* ---- the cause ---- */

static void
test_cause(void **state)
{
	/* clang-format off */
	static const struct {
		struct qsite site;
		int64_t waiting, held, active;
		enum qcause cause;
		const char *says;
	} rows[] = {
		{ { .window = 5 }, 0, 0, 0, QCAUSE_NONE, "no mail waits" },
		{ { .down_s = 60 }, 0, 2, 0, QCAUSE_HELD, "queue release" },
		{ { .down_s = 61, .fails = 5, .why = SLICE("no\x1broute") },
		  2, 1, 0, QCAUSE_DOWN, "not tried for 1m1s" },
		{ { .down_s = 61, .fails = 5, .why = SLICE("no\x1broute") },
		  2, 1, 0, QCAUSE_DOWN, "\"no?route\"" },
		{ { .down_s = 59, .fails = 5 }, 2, 0, 0, QCAUSE_DOWN,
		  "one delivery probes it; the first of what waits is due in "
		  "1m, or" },
		{ { .probe = true, .fails = 5 }, 2, 0, 0, QCAUSE_PROBE,
		  "the next delivery probes it; the first of what waits" },
		{ { .probe = true, .fails = 5, .active = 1 }, 2, 0, 1,
		  QCAUSE_PROBE, "probes it now" },
		{ { .pause_s = 90, .limits = SLICE("a rate=2/1h"), .rate = 2,
		    .sent = 2, .rate_s = 3600 }, 1, 0, 0, QCAUSE_RATE,
		  "2 recipients go in 1h, which have gone; the next delivery "
		  "may begin in 1m30s" },
		{ { .pause_s = 5, .limits = SLICE("a interval=10s") },
		  1, 0, 0, QCAUSE_RATE, "next delivery begin in 5s" },
		{ { .full = true, .waiting = 3, .active = 1, .window = 1 },
		  0, 0, 4, QCAUSE_SESSIONS, "are in use" },
		{ { .waiting = 3, .active = 5, .window = 5, .limit = 20 },
		  0, 0, 8, QCAUSE_CONCURRENCY, "(5, and 20 at most)" },
		{ { .waiting = 0, .active = 5, .window = 5 }, 1, 0, 5,
		  QCAUSE_RETRY, "next attempt, the first in 1m" },
		{ { .window = 5 }, 0, 1, 1, QCAUSE_ACTIVE, "being delivered" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { .max = 10000 };
		struct qtally t;
		enum qcause c;

		qtally_init(&t, QTALLY_ALL, SLICE(""));
		t.waiting = rows[i].waiting;
		t.held = rows[i].held;
		t.active = rows[i].active;
		t.messages = t.waiting + t.held + t.active;
		t.next_s = NOW + 60;
		c = qcause_of(&rows[i].site, &t);
		assert_string_equal(qcause_name(c), qcause_name(rows[i].cause));
		qcause_say(&b, c, &rows[i].site, &t, NOW);
		buf_addc(&b, '\0');
		assert_non_null(strstr(b.p, rows[i].says));
		buf_fini(&b);
		qtally_fini(&t);
	}
}

/* Of a site that nothing is known of, too. */
static void
test_unknown_site(void **state)
{
	struct qtally t;

	(void)state;
	qtally_init(&t, QTALLY_ALL, SLICE(""));
	assert_int_equal(qcause_of(NULL, &t), QCAUSE_NONE);
	t.messages = t.waiting = 1;
	assert_int_equal(qcause_of(NULL, &t), QCAUSE_RETRY);
	qtally_fini(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tally),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_cause),
		cmocka_unit_test(test_unknown_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
