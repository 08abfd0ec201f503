/* SPDX-License-Identifier: ISC */
#include "base/slice.h"

#include "tests/unit.h"

#include "base/ascii.h"
#include "base/mem.h"

static void
test_compare(void **state)
{
	/* clang-format off */
	static const struct {
		const char *a, *b;
		bool eq, ieq, starts, istarts, ends;
		int cmp;
	} rows[] = {
		{ "",    "",    true,  true,  true,  true,  true,  0 },
		{ "a",   "",    false, false, true,  true,  true,  1 },
		{ "",    "a",   false, false, false, false, false, -1 },
		{ "abc", "abc", true,  true,  true,  true,  true,  0 },
		{ "abc", "ABC", false, true,  false, true,  false, 1 },
		{ "abc", "ab",  false, false, true,  true,  false, 1 },
		{ "abc", "bc",  false, false, false, false, true,  -1 },
		{ "ab",  "abc", false, false, false, false, false, -1 },
		{ "\xff", "a",  false, false, false, false, false, 1 },
		/* '@' and '[' differ from '`' and '{' by the case bit alone */
		{ "@[",  "`{",  false, false, false, false, false, -1 },
		{ "\xc4", "\xe4", false, false, false, false, false, -1 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice a = slice_str(rows[i].a);
		const struct slice b = slice_str(rows[i].b);
		const int cmp = slice_cmp(a, b);

		assert_int_equal(slice_eq(a, b), rows[i].eq);
		assert_int_equal(slice_ieq(a, b), rows[i].ieq);
		assert_int_equal(slice_is(a, rows[i].b), rows[i].eq);
		assert_int_equal(slice_iis(a, rows[i].b), rows[i].ieq);
		assert_int_equal(slice_starts(a, b), rows[i].starts);
		assert_int_equal(slice_istarts(a, b), rows[i].istarts);
		assert_int_equal(slice_ends(a, b), rows[i].ends);
		assert_int_equal((cmp > 0) - (cmp < 0), rows[i].cmp);
	}
}

static void
test_find(void **state)
{
	/* clang-format off */
	static const struct {
		const char *s;
		char c;
		size_t first, last;
	} rows[] = {
		{ "",      'a', 0, 0 },
		{ "b",     'a', 1, 1 },
		{ "a",     'a', 0, 0 },
		{ "banana", 'a', 1, 5 },
		{ "a\xff",  '\xff', 1, 1 },
	};
	static const struct {
		const char *s, *needle;
		size_t at;
	} searches[] = {
		{ "",        "",     0 },
		{ "",        "x",    0 },
		{ "abc",     "",     0 },
		{ "abc",     "c",    2 },
		{ "abc",     "abcd", 3 },
		{ "ababac",  "abac", 2 },
		{ "\r\n.\r", "\r\n.\r\n", 4 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice s = slice_str(rows[i].s);

		assert_int_equal(slice_find(s, rows[i].c), rows[i].first);
		assert_int_equal(slice_rfind(s, rows[i].c), rows[i].last);
	}
	for (size_t i = 0; i < ARRAY_LEN(searches); i++)
		assert_int_equal(slice_search(slice_str(searches[i].s),
				     slice_str(searches[i].needle)),
		    searches[i].at);
}

static void
test_sub(void **state)
{
	/* clang-format off */
	static const struct {
		size_t off, n;
		const char *out;
	} rows[] = {
		{ 0, 5,        "hello" },
		{ 0, 0,        "" },
		{ 1, 3,        "ell" },
		{ 4, 9,        "o" },
		{ 5, 1,        "" },
		{ 9, 1,        "" },
		{ 1, SIZE_MAX, "ello" },
		{ SIZE_MAX, SIZE_MAX, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(
		    slice_is(slice_sub(SLICE("hello"), rows[i].off, rows[i].n),
			rows[i].out));
	assert_true(slice_is(slice_from(SLICE("hello"), 4), "o"));
	assert_int_equal(slice_from((struct slice){ 0 }, 0).n, 0);
}

static void
test_trim_and_cut(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *out;
	} trims[] = {
		{ "", "" }, { " \t\r\n", "" }, { "a", "a" }, { " a b\r\n", "a b" },
		{ "\va\f", "\va\f" },
	};
	static const struct {
		const char *in, *before, *rest;
	} cuts[] = {
		{ "",      "",   "" },
		{ "k=v",   "k",  "v" },
		{ "k=",    "k",  "" },
		{ "=v",    "",   "v" },
		{ "k",     "k",  "" },
		{ "k=v=w", "k",  "v=w" },
	};
	static const struct {
		const char *in, *out;
	} chomps[] = {
		{ "", "" }, { "\n", "" }, { "\r\n", "" }, { "a\n", "a" },
		{ "a\r", "a" }, { "a\n\n", "a\n" }, { "a\r\r\n", "a\r" },
		{ "a \n", "a " },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chomps); i++)
		assert_true(slice_is(
		    slice_chomp(slice_str(chomps[i].in)), chomps[i].out));
	for (size_t i = 0; i < ARRAY_LEN(trims); i++)
		assert_true(
		    slice_is(slice_trim(slice_str(trims[i].in)), trims[i].out));
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		struct slice rest;
		const struct slice before =
		    slice_cut(slice_str(cuts[i].in), '=', &rest);

		assert_true(slice_is(before, cuts[i].before));
		assert_true(slice_is(rest, cuts[i].rest));
	}
}

static void
test_copy(void **state)
{
	char small[4];

	(void)state;
	assert_true(slice_copy(SLICE("abc"), small, sizeof small));
	assert_string_equal(small, "abc");
	assert_false(slice_copy(SLICE("abcd"), small, sizeof small));
	assert_string_equal(small, "");
	assert_false(slice_copy(SLICE("a\0b"), small, sizeof small));
	assert_string_equal(small, "");
	assert_true(slice_copy((struct slice){ 0 }, small, sizeof small));
	assert_string_equal(small, "");
	assert_false(slice_copy((struct slice){ 0 }, small, 0));
}

static void
test_ascii(void **state)
{
	(void)state;
	for (int i = -128; i < 128; i++) {
		const char c = (char)i;
		const bool digit = i >= '0' && i <= '9';
		const bool upper = i >= 'A' && i <= 'Z';
		const bool lower = i >= 'a' && i <= 'z';

		assert_int_equal(ascii_lower(c), upper ? i + 32 : i);
		assert_int_equal(ascii_upper(c), lower ? i - 32 : i);
		assert_int_equal(ascii_isdigit(c), digit);
		assert_int_equal(ascii_isalpha(c), upper || lower);
		assert_int_equal(ascii_isalnum(c), digit || upper || lower);
		assert_int_equal(ascii_isprint(c), i >= 32 && i < 127);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_sub),
		cmocka_unit_test(test_trim_and_cut),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
