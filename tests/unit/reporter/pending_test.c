/* SPDX-License-Identifier: ISC */
#include "reporter/pending.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_text(void **state)
{
	struct pending_posts p = { .first_s = 1700000000,
		.next_s = 1700000600,
		.tries = 3,
		.sent = true,
		.uris = { SLICE("https://a.example/x"),
		    SLICE("https://b.example/?y"), SLICE("https://c.example") },
		.n = 3 },
			     q;
	struct buf out = { .max = 1000 };

	(void)state;
	pending_put(&p, &out);
	assert_true(pending_get(buf_slice(&out), &q));
	assert_int_equal(q.first_s, p.first_s);
	assert_int_equal(q.next_s, p.next_s);
	assert_int_equal(q.tries, 3);
	assert_true(q.sent);
	assert_int_equal(q.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(slice_eq(q.uris[i], p.uris[i]));
	/* the others keep their order */
	pending_del(&q, 1);
	assert_int_equal(q.n, 2);
	assert_true(slice_is(q.uris[0], "https://a.example/x"));
	assert_true(slice_is(q.uris[1], "https://c.example"));
	pending_del(&q, 1);
	pending_del(&q, 0);
	assert_int_equal(q.n, 0);
	buf_fini(&out);
}

static void
test_what_is_no_text(void **state)
{
	static const char *const rows[] = { "x", "1 2 3\n", "1 2 3 0",
		"1 2 3 2\n", "-1 2 3 0\n", "1 2 3 0\nhttps://a.example",
		"1 2 3 0\na\nb\nc\nd\ne\nf\n", "99999999999999999999 2 3 0\n" };
	struct pending_posts p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pending_get(slice_str(rows[i]), &p) || p.n != 0)
			fail_msg("%s", rows[i]);
	assert_true(pending_get(SLICE(""), &p));
	assert_int_equal(p.n, 0);
}

/* From the first attempt to the last one, a day later. */
static void
test_a_day(void **state)
{
	static const int64_t pauses_s[] = { 600, 1200, 2400, 4800, 9600, 19200,
		38400 };
	const int64_t begin_s = 1700000000;
	struct pending_posts p = { .n = 1 };
	int64_t now_s = begin_s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++) {
		assert_true(pending_again(&p, now_s));
		assert_int_equal(p.next_s - now_s, pauses_s[i]);
		now_s = p.next_s;
	}
	assert_true(pending_again(&p, now_s));
	assert_int_equal(p.next_s, begin_s + 86400);
	assert_false(pending_again(&p, p.next_s));
	/* it was off for longer than that */
	assert_false(pending_again(&p, begin_s + 999999));
}

static void
test_a_clock_that_was_set_back(void **state)
{
	struct pending_posts p = {
		.first_s = 1700000000, .tries = 1000, .n = 1
	};

	(void)state;
	assert_true(pending_again(&p, 1600000000));
	assert_int_equal(p.first_s, 1600000000);
	assert_int_equal(p.next_s, 1600000000 + 86400);
}

/* Who was not tried comes first next time. */
static void
test_turn(void **state)
{
	struct pending_posts p = {
		.uris = { SLICE("a"), SLICE("b"), SLICE("c") }, .n = 3
	};

	(void)state;
	pending_turn(&p, 0);
	assert_true(slice_eq(p.uris[0], SLICE("a")));
	pending_turn(&p, 2);
	assert_true(slice_eq(p.uris[0], SLICE("c")));
	assert_true(slice_eq(p.uris[1], SLICE("a")));
	assert_true(slice_eq(p.uris[2], SLICE("b")));
	assert_int_equal(p.n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_what_is_no_text),
		cmocka_unit_test(test_a_day),
		cmocka_unit_test(test_turn),
		cmocka_unit_test(test_a_clock_that_was_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
