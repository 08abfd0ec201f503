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
	const struct quota q = { .bytes = 5 };

	return parked_new(1000, slice_str(account), slice_str(home), &q);
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

/* What was said last counts for all who wait. */
static void
test_quota(void **state)
{
	const struct quota more = { .bytes = 7, .messages = 3 };
	const struct parked *p = park("a@x", "x/a");
	const struct parked *other = park("a@x", "x/b");

	(void)state;
	assert_int_equal(parked_quota(p).bytes, 5);
	parked_set_quota(SLICE("x/a"), &more);
	parked_set_quota(SLICE("x/c"), &more);
	assert_int_equal(parked_quota(p).bytes, 7);
	assert_int_equal(parked_quota(p).messages, 3);
	assert_int_equal(parked_quota(other).bytes, 5);
	parked_clear();
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
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_most_of_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
