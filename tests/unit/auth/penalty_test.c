/* SPDX-License-Identifier: ISC */
#include "auth/penalty.h"

#include "tests/unit.h"

#include "base/buf.h"

static const struct penalty_limits limits = {
	.base_ms = 1000,
	.max_ms = 8000,
	.forget_ms = 600000,
	.free_pair = 3,
	.free_source = 5,
};

static struct penalty_who
who(const char *source, const char *account)
{
	return (struct penalty_who){ slice_str(source), slice_str(account) };
}

static void
fail_times(
    struct penalty *p, const struct penalty_who *w, unsigned n, int64_t now)
{
	while (n-- > 0)
		penalty_failed(p, w, now);
}

static void
test_delay_grows(void **state)
{
	/* what the next attempt waits after so many failures */
	static const int64_t waits[] = { 0, 0, 0, 1000, 2000, 4000, 8000,
		8000 };
	const struct penalty_who a = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 100);
	int64_t now = 5000;

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		assert_int_equal(penalty_peek(p, &a, now), waits[i]);
		assert_int_equal(penalty_wait(p, &a, now), waits[i]);
		now += waits[i];
		penalty_failed(p, &a, now);
	}
	penalty_free(&p);
	assert_null(p);
}

/* Guesses that are sent at once take turns; beyond what can be served they
 * are refused. */
static void
test_turns(void **state)
{
	const struct penalty_who a = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	fail_times(p, &a, 3, 0);
	assert_int_equal(penalty_wait(p, &a, 0), 1000);
	assert_int_equal(penalty_wait(p, &a, 0), 2000);
	/* each that waits is taken for a failure, so the delay grows */
	assert_int_equal(penalty_wait(p, &a, 0), 4000);
	assert_int_equal(penalty_peek(p, &a, 0), 8000);
	assert_int_equal(penalty_wait(p, &a, 0), 8000);
	assert_int_equal(penalty_wait(p, &a, 0), 16000);
	assert_int_equal(penalty_wait(p, &a, 0), 24000);
	assert_int_equal(penalty_wait(p, &a, 0), -1);
	assert_int_equal(penalty_wait(p, &a, 10000), 22000);
	penalty_free(&p);
}

/* Without failures nothing takes turns: hundreds of sessions may begin. */
static void
test_no_failures_no_turns(void **state)
{
	const struct penalty_who a = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(penalty_wait(p, &a, 0), 0);
	penalty_free(&p);
}

/* The owner is not locked out by what others do from elsewhere. */
static void
test_owner_elsewhere(void **state)
{
	const struct penalty_who bad = who("1", "alice");
	const struct penalty_who owner = who("2", "alice");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	fail_times(p, &bad, 10, 0);
	assert_int_equal(penalty_wait(p, &owner, 0), 0);
	/* many failures from wherever: a short wait, but no queue */
	fail_times(p, &bad, 1000, 0);
	assert_int_equal(penalty_wait(p, &owner, 0), 2000);
	assert_int_equal(penalty_wait(p, &owner, 0), 2000);
	/* and none where the owner was right before */
	penalty_passed(p, &owner);
	assert_int_equal(penalty_wait(p, &owner, 0), 0);
	penalty_free(&p);
}

/* Guessing through many accounts counts for the source, but not against those
 * who were right from there. */
static void
test_source(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	const struct penalty_who fresh = who("1", "f");
	const struct penalty_who known = who("1", "g");
	const struct penalty_who other = who("2", "f");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	penalty_passed(p, &known);
	for (size_t i = 0; i < 5; i++) {
		const struct penalty_who w = who("1", names[i]);

		assert_int_equal(penalty_wait(p, &fresh, 0), 0);
		penalty_failed(p, &w, 0);
	}
	assert_int_equal(penalty_wait(p, &fresh, 0), 1000);
	assert_int_equal(penalty_wait(p, &known, 0), 0);
	assert_int_equal(penalty_wait(p, &other, 0), 0);
	penalty_free(&p);
}

static void
test_right_password_ends_it(void **state)
{
	const struct penalty_who a = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	fail_times(p, &a, 5, 0);
	assert_int_equal(penalty_wait(p, &a, 0), 4000);
	penalty_passed(p, &a);
	assert_int_equal(penalty_wait(p, &a, 0), 0);
	/* one that was right is still held up by its own failures */
	fail_times(p, &a, 4, 0);
	assert_int_equal(penalty_wait(p, &a, 0), 2000);
	penalty_free(&p);
}

static void
test_forgets(void **state)
{
	const struct penalty_who a = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	fail_times(p, &a, 6, 0);
	assert_int_equal(penalty_peek(p, &a, 0), 8000);
	assert_int_equal(penalty_peek(p, &a, limits.forget_ms + 1), 0);
	fail_times(p, &a, 1, limits.forget_ms + 1);
	assert_int_equal(penalty_peek(p, &a, limits.forget_ms + 1), 0);
	penalty_free(&p);
}

/* One address that speaks for many is not counted as a source. */
static void
test_exempt(void **state)
{
	const struct penalty_who a = who("", "alice");
	const struct penalty_who b = who("", "bob");
	struct penalty *p = penalty_new(&limits, 100);

	(void)state;
	fail_times(p, &a, 10, 0);
	assert_true(penalty_wait(p, &a, 0) > 0);
	assert_int_equal(penalty_wait(p, &b, 0), 0);
	penalty_free(&p);
}

/* Memory is bounded: what was not used for longest goes first. */
static void
test_bounded(void **state)
{
	const struct penalty_who first = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 30);
	struct buf name;

	(void)state;
	buf_init(&name, 100);
	fail_times(p, &first, 6, 0);
	for (unsigned i = 0; i < 100; i++) {
		buf_reset(&name);
		buf_addu(&name, i);
		const struct penalty_who w = who("2", buf_cstr(&name));

		penalty_failed(p, &w, 0);
	}
	assert_int_equal(penalty_wait(p, &first, 0), 0);
	buf_fini(&name);
	penalty_free(&p);
}

static void
test_source_of_text(void **state)
{
	uint8_t a[16], b[16];

	(void)state;
	assert_true(slice_eq(penalty_source(SLICE("192.0.2.1"), a),
	    penalty_source(SLICE("192.0.2.1"), b)));
	assert_false(slice_eq(penalty_source(SLICE("192.0.2.1"), a),
	    penalty_source(SLICE("192.0.2.2"), b)));
	assert_true(slice_eq(penalty_source(SLICE("2001:db8::1"), a),
	    penalty_source(SLICE("2001:db8::ffff:2"), b)));
	assert_false(slice_eq(penalty_source(SLICE("2001:db8::1"), a),
	    penalty_source(SLICE("2001:db8:0:1::1"), b)));
	assert_true(slice_is(penalty_source(SLICE("unix"), a), "unix"));
}

/* Whoever has a /48 has 65536 sources, and yet not as many free guesses: those
 * of PENALTY_NET sources.  Who was right from there before does not feel it. */
static void
test_network(void **state)
{
	const struct penalty_who known = { SLICE("\x20\1\r\xb8\0\0\xff\xff"),
		SLICE("owner") };
	const struct penalty_who other = { SLICE("\x20\1\r\xb8\0\1\0\0"),
		SLICE("owner") };
	char source[8] = "\x20\1\r\xb8";
	struct penalty *p = penalty_new(&limits, 1000);
	const struct penalty_who w = { { source, sizeof source },
		{ source, sizeof source } };
	unsigned free_guesses = 0;

	(void)state;
	penalty_passed(p, &known);
	assert_false(penalty_was_wrong(p, &w, 0));
	for (unsigned i = 0; penalty_wait(p, &w, 0) == 0; i++) {
		penalty_failed(p, &w, 0);
		assert_true(penalty_was_wrong(p, &w, 0));
		source[7] = (char)i;
		source[6] = (char)(i >> 8);
		free_guesses++;
	}
	assert_int_equal(free_guesses, limits.free_source * PENALTY_NET);
	source[6] = 0x7f; /* one that was never seen */
	assert_true(penalty_was_wrong(p, &w, 0));
	assert_int_equal(penalty_wait(p, &known, 0), 0);
	assert_false(penalty_was_wrong(p, &other, 0));
	penalty_free(&p);
}

/* No number of guesses makes a pair unknown that was right once. */
static void
test_known_stays(void **state)
{
	const struct penalty_who owner = who("1", "alice");
	struct penalty *p = penalty_new(&limits, 30);
	struct buf name;

	(void)state;
	buf_init(&name, 100);
	assert_false(penalty_is_known(p, &owner));
	penalty_failed(p, &owner, 0);
	assert_false(penalty_is_known(p, &owner));
	penalty_passed(p, &owner);
	for (unsigned i = 0; i < 1000; i++) {
		buf_reset(&name);
		buf_addu(&name, i);
		const struct penalty_who w = who(buf_cstr(&name), "alice");

		penalty_failed(p, &w, 0);
	}
	assert_true(penalty_is_known(p, &owner));
	assert_int_equal(penalty_wait(p, &owner, 0), 0);
	/* others who are right take its place, at last */
	for (unsigned i = 0; i < 30; i++) {
		buf_reset(&name);
		buf_addu(&name, i);
		const struct penalty_who w = who(buf_cstr(&name), "bob");

		penalty_passed(p, &w);
	}
	assert_false(penalty_is_known(p, &owner));
	buf_fini(&name);
	penalty_free(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay_grows),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_no_failures_no_turns),
		cmocka_unit_test(test_owner_elsewhere),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_right_password_ends_it),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_exempt),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_source_of_text),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_known_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
