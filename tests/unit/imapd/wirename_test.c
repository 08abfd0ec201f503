/* SPDX-License-Identifier: ISC */
#include "imapd/parse/wirename.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
test_match(void **state)
{
	/* clang-format off */
	static const struct { const char *pattern, *name; bool want; } rows[] = {
		{ "*",          "a/b",          true },
		{ "%",          "a/b",          false },
		{ "%",          "a",            true },
		{ "%/%",        "a/b",          true },
		{ "a/*",        "a/b/c",        true },
		{ "a/%",        "a/b/c",        false },
		{ "a/%",        "a/",           true },
		{ "a*",         "a",            true },
		{ "a",          "a",            true },
		{ "a",          "A",            false },
		{ "a",          "ab",           false },
		{ "ab",         "a",            false },
		{ "*b",         "a/b",          true },
		{ "%b",         "a/b",          false },
		{ "*a%b",       "xa/ayyb",      true },
		{ "*a%b",       "xa/ayy/b",     false },
		{ "%a*b%",      "a/b/b",        true },
		{ "%%",         "abc",          true },
		{ "**",         "a/b",          true },
		{ "inbox",      "INBOX",        true },
		{ "Inbox/*",    "INBOX/a",      true },
		{ "inb%",       "INBOX",        false },
		{ "INB%",       "INBOX",        true },
		{ "inboxes",    "INBOXES",      false },
		{ "",           "",             true },
		{ "",           "a",            false },
		{ "*%*%*%*%*%*%*x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(wirename_match(slice_str(rows[i].pattern),
				     slice_str(rows[i].name)),
		    rows[i].want);
}

/* Wildcards without end against a name of the greatest length. */
static void
test_match_hostile(void **state)
{
	char pattern[8000], name[1000];

	(void)state;
	for (size_t i = 0; i < sizeof pattern; i++)
		pattern[i] = "*a%"[i % 3];
	memset(name, 'a', sizeof name);
	assert_false(wirename_match(
	    slice_of(pattern, sizeof pattern), slice_of(name, sizeof name)));
	assert_true(wirename_match(
	    slice_of(pattern, 2000), slice_of(name, sizeof name)));
}

static void
test_wire(void **state)
{
	/* clang-format off */
	static const struct { const char *wire; char delimiter; const char *name, *astring; } rows[] = {
		{ "INBOX",         '/', "INBOX",             "INBOX" },
		{ "a/b",           '/', "a/b",               "a/b" },
		{ "a.b",           '.', "a/b",               "a.b" },
		{ "a/b",           '.', "a.b",               "a/b" },
		{ "a b",           '/', "a b",               "\"a b\"" },
		{ "&rADAIQ-",      '/', "\xea\xb0\x80\xec\x80\xa1", "&rADAIQ-" },
		{ "a&-b",          '/', "a&b",               "a&-b" },
		{ "\xea\xb0\x80",  '/', "\xea\xb0\x80",      "&rAA-" },
		{ "a%",            '/', "a%",                "\"a%\"" },
	};
	static const char *const bad[] = { "\xff", "&rADAIQ", "&*-" };
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		assert_true(wirename_from_wire(
		    &b, slice_str(rows[i].wire), rows[i].delimiter, false));
		assert_string_equal(buf_cstr(&b), rows[i].name);
		buf_reset(&b);
		wirename_put(
		    &b, slice_str(rows[i].name), rows[i].delimiter, false);
		assert_string_equal(buf_cstr(&b), rows[i].astring);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		buf_reset(&b);
		assert_false(
		    wirename_from_wire(&b, slice_str(bad[i]), '/', false));
	}
	buf_fini(&b);
}

/* For who has enabled UTF-8: nothing stands for something else. */
static void
test_utf8(void **state)
{
	/* clang-format off */
	static const struct { const char *wire; char delimiter; const char *name, *astring; } rows[] = {
		{ "INBOX",         '/', "INBOX",             "INBOX" },
		{ "a.b/c",         '.', "a/b.c",             "a.b/c" },
		{ "&rADAIQ-",      '/', "&rADAIQ-",          "&rADAIQ-" },
		{ "a&b",           '/', "a&b",               "a&b" },
		{ "\xea\xb0\x80",  '/', "\xea\xb0\x80",      "\"\xea\xb0\x80\"" },
		{ "\xc3\xa9\"\\",  '/', "\xc3\xa9\"\\",      "\"\xc3\xa9\\\"\\\\\"" },
	};
	static const char *const bad[] = { "\xff", "\xea\xb0", "\xed\xa0\x80" };
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&b);
		assert_true(wirename_from_wire(
		    &b, slice_str(rows[i].wire), rows[i].delimiter, true));
		assert_string_equal(buf_cstr(&b), rows[i].name);
		buf_reset(&b);
		wirename_put(
		    &b, slice_str(rows[i].name), rows[i].delimiter, true);
		assert_string_equal(buf_cstr(&b), rows[i].astring);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		buf_reset(&b);
		assert_false(
		    wirename_from_wire(&b, slice_str(bad[i]), '/', true));
	}
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_hostile),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
