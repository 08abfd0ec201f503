/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include "tests/unit.h"

#include "base/mem.h"

/* RFC 4648 10, and bytes that use the last digits. */
static void
test_both_ways(void **state)
{
	/* clang-format off */
	static const struct {
		const char *plain;
		size_t n;
		const char *text;
	} rows[] = {
		{ "",             0, "" },
		{ "f",            1, "Zg==" },
		{ "fo",           2, "Zm8=" },
		{ "foo",          3, "Zm9v" },
		{ "foob",         4, "Zm9vYg==" },
		{ "fooba",        5, "Zm9vYmE=" },
		{ "foobar",       6, "Zm9vYmFy" },
		{ "\xff\xfe\xfb", 3, "//77" },
		{ "\xfb\xef\xbe", 3, "++++" },
		{ "\0\0\0\0",     4, "AAAAAA==" },
		{ "\0a\0b",       4, "AGEAYg==" },
	};
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice plain = slice_of(rows[i].plain, rows[i].n);

		buf_reset(&b);
		base64_encode(&b, plain);
		assert_true(slice_is(buf_slice(&b), rows[i].text));
		buf_reset(&b);
		assert_true(base64_decode(&b, slice_str(rows[i].text)));
		assert_true(slice_eq(buf_slice(&b), plain));
	}
	buf_fini(&b);
}

static void
test_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"Z", "Zg", "Zg=", "Zm8", "=", "==", "===", "====",
		"Zg==Zg==",     /* padding inside */
		"Zm=v", "=m9v", "Z=9v", "Z===",
		"Zh==", "Zm9=", /* spare bits set */
		"Zm 9v", "Zm9v\n", "Zm9v\r\n  ",
		"Zm-v", "Zm_v", "Zm9\xff",
	};
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		if (base64_decode(&b, slice_str(rows[i])))
			fail_msg("taken: \"%s\"", rows[i]);
	}
	buf_fini(&b);
}

static void
test_full(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_false(base64_decode(&b, SLICE("Zm9vYmFy")));
	buf_reset(&b);
	base64_encode(&b, SLICE("foob"));
	assert_true(b.failed);
	buf_fini(&b);
}

static void
test_digits(void **state)
{
	int seen = 0;

	(void)state;
	for (int c = -128; c < 128; c++)
		seen += base64_digit((char)c) != -1;
	assert_int_equal(seen, 64);
	assert_int_equal(base64_digit('='), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
