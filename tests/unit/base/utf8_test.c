/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8_put.h"

static void
test_valid(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
	} rows[] = {
		{ "",                     true },
		{ "plain",                true },
		{ "\xc2\x80\xdf\xbf",     true },
		{ "\xe0\xa0\x80",         true },
		{ "\xed\x9f\xbf\xee\x80\x80", true },
		{ "\xef\xbf\xbf",         true },
		{ "\xf0\x90\x80\x80",     true },
		{ "\xf4\x8f\xbf\xbf",     true },
		/* a lone continuation, overlong forms */
		{ "\x80",                 false },
		{ "\xc0\x80",             false },
		{ "\xc1\xbf",             false },
		{ "\xe0\x9f\xbf",         false },
		{ "\xf0\x8f\xbf\xbf",     false },
		/* surrogates, beyond U+10FFFF */
		{ "\xed\xa0\x80",         false },
		{ "\xf4\x90\x80\x80",     false },
		{ "\xf5\x80\x80\x80",     false },
		{ "\xff",                 false },
		/* cut short, or no continuation where one should be */
		{ "a\xc2",                false },
		{ "\xe1\x80",             false },
		{ "\xf1\x80\x80",         false },
		{ "\xc2\x41",             false },
		{ "\xe1\x80\x41",         false },
		{ "\xf1\x80\x80\xc0",     false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (utf8_valid(slice_str(rows[i].in)) != rows[i].ok)
			fail_msg("row %zu", i);
}

static void
test_len(void **state)
{
	(void)state;
	assert_int_equal(utf8_len(SLICE("")), 0);
	assert_int_equal(utf8_len(SLICE("ab")), 1);
	assert_int_equal(utf8_len(SLICE("\xc3\xa9x")), 2);
	assert_int_equal(utf8_len(SLICE("\xed\x95\x9c")), 3);
	assert_int_equal(utf8_len(SLICE("\xf0\x9f\x93\xae!")), 4);
	assert_int_equal(utf8_len(SLICE("\xed\x95")), 0);
}

/* What is written is read again, at both ends of each length. */
static void
test_put(void **state)
{
	/* clang-format off */
	static const struct {
		uint32_t code;
		const char *text;
	} rows[] = {
		{ 0x01,     "\x01" },             { 0x7f,     "\x7f" },
		{ 0x80,     "\xc2\x80" },         { 0x7ff,    "\xdf\xbf" },
		{ 0x800,    "\xe0\xa0\x80" },     { 0xffff,   "\xef\xbf\xbf" },
		{ 0x10000,  "\xf0\x90\x80\x80" }, { 0x10ffff, "\xf4\x8f\xbf\xbf" },
	};
	/* clang-format on */
	struct buf b = { .max = 16 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		utf8_put(&b, rows[i].code);
		assert_string_equal(buf_cstr(&b), rows[i].text);
		assert_int_equal(utf8_code(buf_slice(&b)), rows[i].code);
	}
	buf_reset(&b);
	utf8_put(&b, 0);
	assert_int_equal(b.n, 1);
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_len),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
