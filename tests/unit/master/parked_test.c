/* SPDX-License-Identifier: ISC */
#include "master/parked.h"

#include "tests/unit.h"

#include <stdio.h>

enum { MOST = 1000 };

static struct slice
ticket_of(const struct parked *p)
{
	return slice_of(p->ticket, sizeof p->ticket);
}

static struct parked *
park(const char *account, const char *home)
{
	return parked_new(1000, slice_str(account), slice_str(home), 0);
}

static void
test_found_until_forgotten(void **state)
{
	struct parked *p = park("a@x", "x/a");

	(void)state;
	assert_ptr_equal(parked_find(ticket_of(p)), p);
	assert_true(parked_has(SLICE("x/a")));
	assert_false(parked_has(SLICE("x")));
	parked_forget(ticket_of(p));
	assert_false(parked_has(SLICE("x/a")));
}

/* By however many homes. */
static void
test_most_of_an_account(void **state)
{
	struct parked *p = NULL;
	char home[32];

	(void)state;
	for (int i = 0; i < MOST; i++) {
		(void)snprintf(home, sizeof home, "x/a/%d", i);
		p = park("a@x", home);
		assert_non_null(p);
	}
	assert_null(park("a@x", "x/a/another"));
	assert_false(parked_has(SLICE("x/a/another")));
	assert_non_null(park("b@x", "x/b"));
	parked_forget(ticket_of(p));
	assert_non_null(park("a@x", "x/a"));
	parked_clear();
	assert_false(parked_has(SLICE("x/a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_until_forgotten),
		cmocka_unit_test(test_most_of_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
