/* SPDX-License-Identifier: ISC */
#include "mime/charset.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

#define BAD "\xef\xbf\xbd"
#define GA  "\xea\xb0\x80" /* U+AC00 */
#define DDO "\xeb\x98\xa0" /* U+B620, in CP949 but not in EUC-KR */

static void
test_convert(void **state)
{
	/* clang-format off */
	static const struct { const char *charset, *in, *want; } rows[] = {
		{ "us-ascii",       "plain",               "plain" },
		{ "us-ascii",       GA,                    GA },
		{ "UTF-8",          "a" GA "b",            "a" GA "b" },
		{ "utf8",           "a\xff" "b",           "a" BAD "b" },
		{ "utf-8",          "\xc0\x80",            BAD BAD },
		{ "utf-8",          "\xed\xa0\x80",        BAD BAD BAD },
		{ "utf-8",          "\xf4\x90\x80\x80",    BAD BAD BAD BAD },
		{ "utf-8",          "a\xea\xb0",           "a" BAD },
		{ "utf-8",          "\xea\xb0" "a",        BAD BAD "a" },
		{ "utf-8",          "\xf0\x9f\x98\x80",    "\xf0\x9f\x98\x80" },
		{ "iso-8859-1",     "\xe9\x80",            "\xc3\xa9\xe2\x82\xac" },
		{ "EUC-KR",         "\xb0\xa1",            GA },
		{ "ks_c_5601-1987", "\xb0\xa1\x8c\x63",    GA DDO },
		{ "euc-kr",         "\xb0\xa1\xb0",        GA BAD },
		{ "euc-kr",         "\xb0\xa1\xff" "a",    GA BAD "a" },
		{ "euc-kr",         "\xa1=8 (",           BAD "=8 (" },
		{ "ISO-2022-KR",    "\x1b$)C\x0e\x30\x21\x0f" "a", GA "a" },
		{ "iso-2022-jp",    "\x1b$B$\"\x1b(B",     "\xe3\x81\x82" },
		{ "koi8-r",         "\xc1",                "\xd0\xb0" },
		{ " utf-8 ",        "a",                   "a" },
	};
	/* clang-format on */

	(void)state;
	charset_preload();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice in = slice_str(rows[i].in);

		for (size_t step = 1; step <= in.n; step++) {
			struct charset *cs =
			    charset_open(slice_str(rows[i].charset));
			struct buf out;

			assert_non_null(cs);
			buf_init(&out, 1000);
			for (size_t at = 0; at < in.n; at += step)
				charset_feed(cs, slice_sub(in, at, step), &out);
			charset_finish(cs, &out);
			assert_string_equal(buf_cstr(&out), rows[i].want);
			buf_fini(&out);
			charset_close(&cs);
			assert_null(cs);
		}
	}
}

/* Nothing that means more than a charset to iconv gets there. */
static void
test_unknown(void **state)
{
	static const char *const names[] = {
		"", "no-such-charset", "utf-16//TRANSLIT", "utf-16//IGNORE",
		"../../etc/passwd", "a,b", "UTF-8//",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_null(charset_open(slice_str(names[i])));
	assert_null(charset_open(SLICE("utf-8\0x")));
}

static void
test_one_shot(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_true(charset_to_utf8(&out, SLICE("EUC-KR"), SLICE("\xb0\xa1")));
	assert_false(charset_to_utf8(&out, SLICE("x-none"), SLICE("a\xff")));
	assert_string_equal(buf_cstr(&out), GA "a" BAD);
	buf_fini(&out);
}

/* A full buffer ends the work. */
static void
test_full(void **state)
{
	static char in[100000];
	struct charset *cs = charset_open(SLICE("utf-8"));
	struct buf out;

	(void)state;
	memset(in, '\xff', sizeof in);
	buf_init(&out, 100);
	charset_feed(cs, slice_of(in, sizeof in), &out);
	assert_true(out.failed);
	assert_int_equal(out.n, 99);
	charset_close(&cs);
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
