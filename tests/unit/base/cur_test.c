/* SPDX-License-Identifier: ISC */
#include "base/cur.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_u64(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		uint64_t max;
		bool ok;
		uint64_t out;
	} rows[] = {
		{ "0",                    10,         true,  0 },
		{ "10",                   10,         true,  10 },
		{ "11",                   10,         false, 0 },
		{ "007",                  10,         true,  7 },
		{ "",                     10,         false, 0 },
		{ "-1",                   10,         false, 0 },
		{ "+1",                   10,         false, 0 },
		{ " 1",                   10,         false, 0 },
		{ "18446744073709551615", UINT64_MAX, true,  UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cur c = cur_of(slice_str(rows[i].in));

		assert_int_equal(cur_u64(&c, rows[i].max), rows[i].out);
		assert_int_equal(cur_end(&c), rows[i].ok);
	}
}

static void
test_failure_is_sticky(void **state)
{
	struct cur c = cur_of(SLICE("MAIL FROM:<a>"));

	(void)state;
	cur_lit(&c, "mail ");
	assert_true(cur_ok(&c));
	cur_lit(&c, "TO:");
	assert_false(cur_ok(&c));
	assert_false(cur_try(&c, "FROM:"));
	assert_int_equal(cur_byte(&c), -1);
	assert_int_equal(cur_take(&c, 1).n, 0);
	assert_false(cur_end(&c));
}

static void
test_until_and_take(void **state)
{
	struct cur c = cur_of(SLICE("key=value"));

	(void)state;
	assert_true(slice_is(cur_until(&c, '='), "key"));
	assert_true(slice_is(cur_take(&c, 5), "value"));
	assert_true(cur_end(&c));
	assert_int_equal(cur_take(&c, 0).n, 0);
	assert_true(cur_end(&c));
	cur_take(&c, 1);
	assert_false(cur_ok(&c));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_failure_is_sticky),
		cmocka_unit_test(test_until_and_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
