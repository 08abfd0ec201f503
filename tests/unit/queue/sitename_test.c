/* SPDX-License-Identifier: ISC */
#include "queue/sitename.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_means(void **state)
{
	/* clang-format off */
	static const struct { const char *site, *name; bool yes; } rows[] = {
		{ "smtp:a.test,b.test",    "smtp:a.test,b.test",    true },
		{ "smtp:a.test,b.test",    "a.test,b.test",         true },
		{ "smtp:a.test,b.test",    "a.test",                true },
		{ "smtp:a.test,b.test",    "B.test",                true },
		{ "smtp:a.test,b.test:26", "smtp:a.test,b.test:26", true },
		{ "smtp:a.test,b.test:26", "a.test,b.test:26",      true },
		{ "smtp:a.test,b.test:26", "a.test,b.test",         true },
		{ "smtp:a.test,b.test:26", "b.test",                true },
		{ "lmtp:[192.0.2.1]:24",   "[192.0.2.1]:24",        true },
		{ "lmtp:[192.0.2.1]:24",   "[192.0.2.1]",           true },
		{ "lmtp:[192.0.2.1]:24",   "192.0.2.1",             true },
		{ "smtp:[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]",  true },
		{ "smtp:[IPv6:2001:db8::1]:25", "[ipv6:2001:db8::1]", true },
		{ "smtp:a.test,b.test",    "smtp",                  false },
		{ "smtp:a.test,b.test",    "test",                  false },
		{ "smtp:a.test,b.test",    "",                      false },
		{ "smtp:a.test,b.test:26", "26",                    false },
		{ "smtp:a.test,b.test",    "a.test,",               false },
		{ "smtp:",                 "smtp",                  false },
		{ "",                      "",                      false },
		{ "smtp:[]",               "",                      false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(sitename_means(slice_str(rows[i].site),
				     slice_str(rows[i].name)),
		    rows[i].yes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
