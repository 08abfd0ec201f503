/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letterhead.h"

#include "tests/unit.h"

static void
test_hops(void **state)
{
	(void)state;
	assert_int_equal(letterhead_hops(SLICE("")), 0);
	assert_int_equal(letterhead_hops(SLICE("Received: x\r\n")), 1);
	assert_int_equal(
	    letterhead_hops(SLICE("RECEIVED: x\r\nA: b\r\n c\nreceived:\n"
				  "\nReceived: not\n")),
	    2);
	assert_int_equal(letterhead_hops(SLICE("X-Received: x\r\n\r\n")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hops) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
