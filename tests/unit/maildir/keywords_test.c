/* SPDX-License-Identifier: ISC */
#include "tests/unit.h"

#include "maildir/keywords.h"

/* Somebody else's table may give a name two numbers. */
static void
test_two_numbers(void **state)
{
	const struct slice other = SLICE("Other");
	struct keyword_table t = { 0 };

	(void)state;
	keywords_parse(&t, SLICE("0 Work\n3 work\n"), KEYWORDS_MAX);
	assert_int_equal(keywords_find(&t, SLICE("WORK")), 0);
	keywords_set(&t, 0, &other);
	assert_int_equal(keywords_find(&t, SLICE("WORK")), 3);
	assert_int_equal(keywords_find(&t, SLICE("other")), 0);
	keywords_set(&t, 3, NULL);
	assert_int_equal(keywords_find(&t, SLICE("work")), -1);
	assert_null(keywords_name(&t, 3));
	keywords_fini(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
