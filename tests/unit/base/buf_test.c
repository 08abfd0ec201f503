/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static void
test_add_up_to_max(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_string_equal(buf_cstr(&b), "");
	buf_adds(&b, "abc");
	buf_add(&b, (struct slice){ 0 });
	buf_addc(&b, 'd');
	assert_false(b.failed);
	buf_adds(&b, "ef");
	assert_true(b.failed);
	assert_string_equal(buf_cstr(&b), "abcd");
	/* It would fit, but a hole must not be hidden. */
	buf_addc(&b, 'e');
	assert_string_equal(buf_cstr(&b), "abcd");
	assert_null(buf_room(&b, 0));
	buf_reset(&b);
	buf_adds(&b, "vwxyz");
	assert_false(b.failed);
	assert_string_equal(buf_cstr(&b), "vwxyz");
	buf_fini(&b);
	assert_int_equal(b.max, 5);
	assert_string_equal(buf_cstr(&b), "");
	buf_adds(&b, "again");
	assert_true(slice_is(buf_slice(&b), "again"));
	buf_fini(&b);
}

static void
test_growth_keeps_content(void **state)
{
	static const size_t maxima[] = { 1, 63, 64, 65, 100, 1000, 4097 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
		struct buf b;

		buf_init(&b, maxima[i]);
		for (size_t n = 0; n < maxima[i]; n++)
			buf_addc(&b, (char)('a' + n % 26));
		assert_false(b.failed);
		assert_int_equal(b.n, maxima[i]);
		assert_true(b.cap <= b.max);
		assert_int_equal(strlen(buf_cstr(&b)), maxima[i]);
		for (size_t n = 0; n < maxima[i]; n++)
			assert_int_equal(b.p[n], 'a' + n % 26);
		buf_addc(&b, '!');
		assert_true(b.failed);
		buf_fini(&b);
	}
}

static void
test_numbers(void **state)
{
	static const uint64_t values[] = { 0, 9, 10, 4294967296, UINT64_MAX };
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		buf_addu(&b, values[i]);
		buf_addc(&b, ' ');
	}
	assert_string_equal(
	    buf_cstr(&b), "0 9 10 4294967296 18446744073709551615 ");
	buf_fini(&b);
}

static void
test_printf(void **state)
{
	static const int widths[] = { 1, 510, 511, 512, 513, 5000 };
	struct buf b;

	(void)state;
	buf_init(&b, 5000);
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		buf_reset(&b);
		buf_addf(&b, "%*d", widths[i], 7);
		assert_int_equal(b.n, widths[i]);
		assert_int_equal(b.p[b.n - 1], '7');
	}
	buf_reset(&b);
	buf_addf(&b, "%*d", 5001, 7);
	assert_true(b.failed);
	assert_int_equal(b.n, 0);
	buf_fini(&b);
}

static void
test_room_consume_truncate(void **state)
{
	struct buf b;
	char *to;

	(void)state;
	buf_init(&b, 10);
	to = buf_room(&b, 10);
	assert_non_null(to);
	memcpy(to, "0123456", 7);
	buf_added(&b, 7);
	assert_null(buf_room(&b, 4));
	buf_reset(&b);
	buf_adds(&b, "0123456789");
	buf_consume(&b, 3);
	assert_string_equal(buf_cstr(&b), "3456789");
	buf_truncate(&b, 2);
	assert_string_equal(buf_cstr(&b), "34");
	buf_consume(&b, 2);
	assert_string_equal(buf_cstr(&b), "");
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_up_to_max),
		cmocka_unit_test(test_growth_keeps_content),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_room_consume_truncate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
