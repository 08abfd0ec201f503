/* SPDX-License-Identifier: ISC */
#include "lookup/system.h"

#include "tests/unit.h"

#include <pwd.h>

#include "ev/loop.h"

static int
do_not_confine(int dir, struct err *err)
{
	(void)dir;
	(void)err;
	return 0;
}

/* Ordinary users are known, the system's own are not. */
static void
expect_users(void)
{
	const struct passwd *pw;

	setpwent();
	while ((pw = getpwent()) != NULL) {
		const bool ordinary = pw->pw_uid >= 500 && pw->pw_uid <= 60000;

		assert_int_equal(lookup_system_find(slice_str(pw->pw_name)),
		    ordinary ? pw->pw_uid : 0);
	}
	endpwent();
	assert_int_equal(lookup_system_find(SLICE("root")), 0);
	assert_int_equal(lookup_system_find(SLICE("no such user")), 0);
	assert_int_equal(lookup_system_find(SLICE("")), 0);
}

static void
on_time(struct ev_timer *t)
{
	if (lookup_system_lists() > 0)
		ev_stop();
	else
		ev_timer_set(t, 1);
}

/* The reader tells the list once more at its start, and the list that it tells
 * is the same. */
static void
test_users(void **state)
{
	struct ev_timer t;
	struct err err;

	(void)state;
	ev_init();
	assert_int_equal(lookup_system_start(do_not_confine, &err), 0);
	expect_users();
	ev_timer_init(&t, on_time);
	ev_timer_set(&t, 1);
	ev_run();
	expect_users();
	lookup_system_stop();
	assert_int_equal(lookup_system_find(SLICE("root")), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
