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

/* However it comes. */
static void
test_hops_in_pieces(void **state)
{
	const struct slice text = SLICE("A: b\r\nReceived: x\r\n y\r\n"
					"RECEIVED:z\r\nReceivedx: no\r\n"
					"\r\nReceived: not\r\n");

	(void)state;
	for (size_t piece = 1; piece <= text.n; piece++) {
		struct letterhead_hops h = { 0 };

		for (size_t at = 0; at < text.n; at += piece)
			(void)letterhead_count(&h, slice_sub(text, at, piece));
		assert_int_equal(letterhead_count(&h, SLICE("")), 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_hops_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
