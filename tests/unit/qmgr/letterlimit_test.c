/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letterlimit.h"

#include "tests/unit.h"

#include <stdio.h>

enum { HOUR = 3600 * 1000 };

static void
test_limit(void **state)
{
	const struct slice a = SLICE("a@x"), b = SLICE("b@x");

	(void)state;
	assert_true(letterlimit_take(a, 9, 10, HOUR, 1000));
	assert_true(letterlimit_take(a, 1, 10, HOUR, 1000));
	assert_false(letterlimit_take(a, 1, 10, HOUR, 1000));
	assert_false(letterlimit_take(a, 1, 10, HOUR, 1000 + HOUR / 10 - 1));
	assert_true(letterlimit_take(a, 1, 10, HOUR, 1000 + HOUR / 10));
	assert_false(letterlimit_take(a, 1, 10, HOUR, 1000 + HOUR / 10));
	/* Another account; more than ever may be; no limit. */
	assert_true(letterlimit_take(b, 10, 10, HOUR, 1000));
	assert_false(letterlimit_take(SLICE("c@x"), 11, 10, HOUR, 1000));
	assert_true(letterlimit_take(b, 1000000, 0, HOUR, 1000));
	/* All is paid for after the time. */
	assert_true(letterlimit_take(a, 10, 10, HOUR, 1001 + 2 * HOUR));
}

/* The table stays as large as there are accounts that are not paid for. */
static void
test_many_accounts(void **state)
{
	int64_t now = 10LL * HOUR;

	(void)state;
	for (int i = 0; i < 300000; i++, now += 10) {
		char name[32];

		snprintf(name, sizeof name, "many%d@x", i);
		assert_true(
		    letterlimit_take(slice_str(name), 1, 1000, 1000, now));
	}
	assert_true(letterlimit_take(SLICE("one@x"), 1, 1, HOUR, now));
	assert_false(letterlimit_take(SLICE("one@x"), 1, 1, HOUR, now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_many_accounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
