/* SPDX-License-Identifier: ISC */
#include "master/backoff.h"

#include "tests/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "master/master.h"

/* The wait before each start, when the process dies as soon as it runs. */
static void
test_grows(void **state)
{
	/* clang-format off */
	static const struct {
		int64_t first_ms, max_ms;
		int64_t waits_ms[6];
	} rows[] = {
		{ 1000,  60000, { 0, 1000, 2000, 4000, 8000, 16000 } },
		{ 20000, 60000, { 0, 20000, 40000, 60000, 60000, 60000 } },
		{ 60000, 60000, { 0, 60000, 60000, 60000, 60000, 60000 } },
		{ 1000,  0,     { 0, 1000, 1000, 1000, 1000, 1000 } },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct backoff b = { 0, 0 };
		int64_t now_ms = 5;

		for (size_t k = 0; k < ARRAY_LEN(rows[i].waits_ms); k++) {
			backoff_ended(
			    &b, rows[i].first_ms, rows[i].max_ms, now_ms);
			assert_int_equal(
			    b.until_ms, now_ms + rows[i].waits_ms[k]);
			now_ms = b.until_ms;
		}
	}
}

/* Somebody comes again as soon as he may, and nothing is left between: he waits
 * as if the slot had stayed. */
static void
test_outlives_the_slot(void **state)
{
	int64_t now_ms = 1000, starts = 0;

	(void)state;
	while (now_ms < 3600000) {
		struct backoff b = backoff_take(SLICE("alice"), now_ms);

		if (b.until_ms > now_ms) {
			backoff_keep(SLICE("alice"), &b, now_ms);
			now_ms = b.until_ms;
			continue;
		}
		starts++;
		backoff_ended(&b, 1000, 60000, now_ms);
		backoff_keep(SLICE("alice"), &b, now_ms);
	}
	/* Seven until the wait is a minute, and then one each minute. */
	assert_in_range(starts, 60, 68);
	assert_int_equal(backoff_take(SLICE("bob"), now_ms).delay_ms, 0);
	assert_int_equal(
	    backoff_take(SLICE("alice"), now_ms + BACKOFF_FORGET_MS + 60000)
		.delay_ms,
	    0);
}

static void
test_nothing_to_keep(void **state)
{
	const struct backoff none = { 0, 0 }, some = { 1000, 0 };

	(void)state;
	backoff_keep(SLICE("x"), &some, 0);
	backoff_keep(SLICE("x"), &none, 0);
	assert_int_equal(backoff_take(SLICE("x"), 0).delay_ms, 0);
}

static void
test_room(void **state)
{
	char key[32];

	(void)state;
	for (int i = 0; i <= BACKOFF_MAX; i++) {
		const struct backoff b = { i + 1, i };

		snprintf(key, sizeof key, "%d", i);
		backoff_keep(slice_str(key), &b, i);
	}
	assert_int_equal(backoff_take(SLICE("0"), 1).delay_ms, 0);
	assert_int_equal(backoff_take(SLICE("1"), 1).delay_ms, 2);
	assert_int_equal(backoff_take(slice_str(key), BACKOFF_MAX).delay_ms,
	    BACKOFF_MAX + 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_outlives_the_slot),
		cmocka_unit_test(test_nothing_to_keep),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
