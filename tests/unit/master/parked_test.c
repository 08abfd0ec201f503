/* SPDX-License-Identifier: ISC */
#include "master/parked.h"

#include "tests/unit.h"

#include <stdio.h>

enum { ROOM = 100000, MOST = 1000 };

static struct slice
ticket_of(const struct parked *p)
{
	return slice_of(p->ticket, sizeof p->ticket);
}

static struct parked *
park_of(const char *process, const char *account, const char *home,
    const char *address)
{
	return parked_new(&(const struct parked_for){ .uid = 1000,
	    .process = slice_str(process),
	    .account = slice_str(account),
	    .home = slice_str(home),
	    .address = slice_str(address) });
}

static struct parked *
park(const char *account, const char *home)
{
	return park_of(account, account, home, "192.0.2.1");
}

static int
begin(void **state)
{
	(void)state;
	parked_clear();
	parked_set_room(ROOM);
	return 0;
}

static void
test_found_until_forgotten(void **state)
{
	struct parked *p = park("a@x", "x/a");

	(void)state;
	assert_ptr_equal(parked_find(ticket_of(p)), p);
	assert_true(parked_has(SLICE("x/a")));
	assert_false(parked_has(SLICE("x")));
	assert_int_equal(parked_total(), 1);
	parked_forget(ticket_of(p));
	assert_false(parked_has(SLICE("x/a")));
	assert_int_equal(parked_total(), 0);
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

/* Of one account and process from one address; what another process says of
 * the account is its own affair. */
static void
test_counted_by_client(void **state)
{
	struct parked *p = park_of("x", "a@x", "x/a", "192.0.2.1");

	(void)state;
	assert_non_null(park_of("x", "a@x", "x/a", "192.0.2.2"));
	assert_non_null(park_of("x", "b@x", "x/b", "192.0.2.1"));
	assert_non_null(park_of("y", "a@x", "y/a", "192.0.2.1"));
	assert_int_equal(
	    parked_count(SLICE("x"), SLICE("a@x"), SLICE("192.0.2.1")), 1);
	assert_int_equal(
	    parked_count(SLICE("x"), SLICE("a@x"), SLICE("192.0.2.3")), 0);
	parked_forget(ticket_of(p));
	assert_int_equal(
	    parked_count(SLICE("x"), SLICE("a@x"), SLICE("192.0.2.1")), 0);
}

/* As many as PROCESS can have, each of another account. */
static unsigned
fill(const char *process)
{
	char account[64];
	unsigned n = 0;

	do
		(void)snprintf(account, sizeof account, "%u@%s", n, process);
	while (park_of(process, account, account, "192.0.2.1") != NULL &&
	       ++n <= ROOM);
	return n;
}

static void
test_nobody_fills_it(void **state)
{
	(void)state;
	parked_set_room(900);
	assert_int_equal(fill("greedy"), 800);
	assert_int_equal(fill("other"), 89);
	assert_int_equal(fill("third"), 10);
	assert_int_equal(fill("fourth"), 1);
	assert_int_equal(fill("fifth"), 0);
	assert_int_equal(parked_total(), 900);
}

static void
test_no_room_before_parking_says_so(void **state)
{
	(void)state;
	parked_clear();
	assert_null(park("a@x", "x/a"));
	parked_set_room(1);
	assert_non_null(park("a@x", "x/a"));
	assert_null(park("b@x", "x/b"));
}

static void
test_quota_is_of_the_home(void **state)
{
	const struct quota more = { .bytes = 7, .messages = 3 };
	const struct quota others = { .bytes = 8 };
	struct parked *p = park("a@x", "x/a"), *q = park("a@x", "x/a");

	(void)state;
	assert_int_equal(parked_quota(p).bytes, 0);
	parked_set_quota(SLICE("x/a"), &more);
	parked_set_quota(SLICE("x/b"), &others);
	assert_int_equal(parked_quota(p).bytes, 7);
	assert_int_equal(parked_quota(p).messages, 3);
	assert_int_equal(parked_quota(q).bytes, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_found_until_forgotten, begin),
		cmocka_unit_test_setup(test_most_of_an_account, begin),
		cmocka_unit_test_setup(test_counted_by_client, begin),
		cmocka_unit_test_setup(test_nobody_fills_it, begin),
		cmocka_unit_test_setup(
		    test_no_room_before_parking_says_so, begin),
		cmocka_unit_test_setup(test_quota_is_of_the_home, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
