/* SPDX-License-Identifier: ISC */
#include "qmgr/run/quick.h"

#include "tests/unit.h"

#include <stdio.h>

#include "ev/loop.h"
#include "tests/clock.h"

static const struct slice none = { "", 0 };

/* Only who has been quick is, each from its own address, until it is not. */
static void
test_mean(void **state)
{
	const struct slice a = slice_str("smtp:a"), b = slice_str("smtp:b");

	(void)state;
	quick_forget();
	assert_false(quick_any());
	assert_false(quick_is(a, none));
	quick_took(a, none, 3000);
	assert_false(quick_is(a, none));
	assert_false(quick_any());
	for (int i = 0; i < 40; i++)
		quick_took(a, none, 2);
	assert_true(quick_is(a, none));
	assert_true(quick_any());
	assert_false(quick_is(b, none));
	assert_false(quick_is(a, slice_str("192.0.2.1")));
	/* one that takes its time is no reason yet, a client in vain is */
	quick_took(a, none, 400);
	assert_true(quick_is(a, none));
	quick_late(a, none);
	assert_false(quick_is(a, none));
	quick_took(a, none, 2);
	assert_false(quick_is(a, none));
}

static void
test_any(void **state)
{
	(void)state;
	quick_forget();
	quick_took(slice_str("smtp:a"), none, 2);
	clock_run(59000);
	assert_true(quick_any());
	clock_run(1000);
	assert_false(quick_any());
	assert_true(quick_is(slice_str("smtp:a"), none));
}

/* However many there are. */
static void
test_bound(void **state)
{
	char name[32];

	(void)state;
	quick_forget();
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "smtp:%d", i);
		quick_took(slice_str(name), none, 2);
	}
	assert_true(quick_is(slice_str(name), none));
	assert_false(quick_is(slice_str("smtp:1"), none));
	quick_forget();
	assert_false(quick_is(slice_str(name), none));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mean),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_bound),
	};

	ev_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
