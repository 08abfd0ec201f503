/* SPDX-License-Identifier: ISC */
#include "mime/charset.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

#define BAD   "\xef\xbf\xbd"
#define GA    "\xea\xb0\x80" /* U+AC00 */
#define NIHON "\xe6\x97\xa5\xe6\x9c\xac"
#define DDO   "\xeb\x98\xa0" /* U+B620, in CP949 but not in EUC-KR */

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
		{ "windows-1252",   "a\x81" GA "\xff",    "a" BAD "\xc3\xaa\xc2\xb0\xe2\x82\xac\xc3\xbf" },
		{ "CP1252",         "\xc3\xa9",           "\xc3\x83\xc2\xa9" },
		{ "EUC-KR",         "\xb0\xa1",            GA },
		{ "ks_c_5601-1987", "\xb0\xa1\x8c\x63",    GA DDO },
		{ "euc-kr",         "\xb0\xa1\xb0",        GA BAD },
		{ "euc-kr",         "\xb0\xa1\xff" "a",    GA BAD "a" },
		{ "euc-kr",         "\xa1=8 (",           BAD "=8 (" },
		{ "ISO-2022-KR",    "\x1b$)C\x0e\x30\x21\x0f" "a", GA "a" },
		{ "iso-2022-jp",    "\x1b$B$\"\x1b(B",     "\xe3\x81\x82" },
		/* NEC's characters in row 13; others that are in no set */
		{ "iso-2022-jp",    "\x1b$B-!F|K\\\x1b(B", "\xe2\x91\xa0" NIHON },
		{ "ISO-2022-JP",    "\x1b$B)!F|K\\\x1b(Ba", BAD NIHON "a" },
		{ "iso-2022-jp",    "\x1b$BF|\nK\\\x1b(B", "\xe6\x97\xa5\nK\\" },
		{ "iso-2022-jp",    "\x1b$BF|K\x1b(Ba",  "\xe6\x97\xa5" BAD "a" },
		{ "iso-2022-jp",    "\x1b$BF|K a",       "\xe6\x97\xa5" BAD " " BAD },
		{ "iso-2022-jp",    "\x1b$(D0!\x1b(J\\", "\xe4\xb8\x82\\" },
		{ "iso-2022-jp",    "\x1b$(D!!0!\x1b(B", BAD "\xe4\xb8\x82" },
		{ "euc-jp",         "\x8f\xa1\xa1\xc6\xfc\x8f\xa1" "a", BAD "\xe6\x97\xa5" BAD "a" },
		{ "iso-2022-jp",    "\x1b(I1\x1b(Ba\xb1\x0e" "1\x0f" "1", "\xef\xbd\xb1" "a\xef\xbd\xb1\xef\xbd\xb1" "1" },
		{ "iso-2022-jp",    "\x1b$XF\x1b(Zb\x1b", BAD "$XF" BAD "(Zb" BAD },
		{ "cp50221",        "\x1b$B-j\x1b(B",    "\xe3\x88\xb1" },
		{ "euc-jp",         "\xad\xa1\xa9\xa1\xc6\xfc", "\xe2\x91\xa0" BAD "\xe6\x97\xa5" },
		{ "shift_jis",      "\x87\x40\xfa\xfe\x93\xfa", "\xe2\x91\xa0" BAD "\xe6\x97\xa5" },
		{ "gb2312",         "\x81\x40\xb0\xa1",  "\xe4\xb8\x82\xe5\x95\x8a" },
		{ "euc-kr",         "\xfe\xa1\xb0\xa1\xc9\xfe\xb0\xa1",  BAD GA BAD GA },
		{ "ISO-2022-KR",    "\x1b$)C\x0e\x2d\x21\x30\x21\x0f" "a", BAD GA "a" },
		{ "iso-8859-9",     "\xfe\x80",           "\xc5\x9f\xe2\x82\xac" },
		{ "tis-620",        "\xa1\x85",           "\xe0\xb8\x81\xe2\x80\xa6" },
		/* UTF-16 keeps its step */
		{ "utf-16be",       "\xd8\x30\x30\x42",  BAD "\xe3\x81\x82" },
		/* not told, or not true: UTF-8 where it is that */
		{ "us-ascii",       "\xe9 " GA "\x80\x81", "\xc3\xa9 " GA "\xe2\x82\xac" BAD },
		{ "unknown-8bit",   "a\xea\xb0",          "a\xc3\xaa\xc2\xb0" },
		{ "koi8-r",         "\xc1",                "\xd0\xb0" },
		{ " utf-8 ",        "a",                   "a" },
	};
	/* clang-format on */

	(void)state;
	charset_preload(true);
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

/* Whatever pair of bytes comes, known or not, what follows it is read. */
static void
test_what_follows(void **state)
{
	/* clang-format off */
	static const struct { const char *charset, *before, *after; int bit; } rows[] = {
		{ "euc-kr",      "",        "\xb0\xa1z",      0x80 },
		{ "gb2312",      "",        "\xb0\xa1z",      0x80 },
		{ "euc-jp",      "",        "\xb0\xa1z",      0x80 },
		{ "big5",        "",        "\xb0\xa1z",      0x80 },
		{ "iso-2022-jp", "\x1b$B",  "0!\x1b(Bz",      0 },
		{ "iso-2022-jp", "\x1b$(D", "\x1b$B0!\x1b(Bz", 0 },
		{ "iso-2022-kr", "\x1b$)C\x0e", "0!\x0fz",    0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct charset *cs = charset_open(slice_str(rows[i].charset));
		struct buf in, out, want;

		buf_init(&in, 100);
		buf_init(&out, 100);
		buf_init(&want, 100);
		charset_feed(cs, slice_str(rows[i].before), &want);
		charset_feed(cs, slice_str(rows[i].after), &want);
		charset_finish(cs, &want);
		for (int pair = 0; pair < 94 * 94; pair++) {
			buf_reset(&in);
			buf_reset(&out);
			buf_adds(&in, rows[i].before);
			buf_addc(&in, (char)((0x21 + pair / 94) | rows[i].bit));
			buf_addc(&in, (char)((0x21 + pair % 94) | rows[i].bit));
			buf_adds(&in, rows[i].after);
			charset_feed(cs, buf_slice(&in), &out);
			charset_finish(cs, &out);
			assert_true(
			    out.n > want.n &&
			    slice_ends(buf_slice(&out), buf_slice(&want)));
		}
		buf_fini(&in);
		buf_fini(&out);
		buf_fini(&want);
		charset_close(&cs);
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
	assert_string_equal(buf_cstr(&out), GA "a\xc3\xbf");
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

/* Each that is told of can be opened, and all of them are there where glibc's
 * tables are. */
static void
test_list(void **state)
{
	struct slice rest;
	struct buf out;
	size_t n = 0;

	(void)state;
	buf_init(&out, 4000);
	charset_list(&out);
	assert_false(out.failed);
	for (rest = buf_slice(&out); rest.n > 0; n++) {
		struct charset *cs = charset_open(slice_cut(rest, ' ', &rest));

		assert_non_null(cs);
		charset_close(&cs);
	}
	assert_in_range(n, 130, 200);
	buf_fini(&out);
}

/* The last: there is no way back. */
static void
test_forgone(void **state)
{
	struct buf out = { .max = 100 };

	(void)state;
	charset_forgo(NULL);
	assert_true(charset_to_utf8(&out, SLICE("latin1"), SLICE("\xe9")));
	assert_true(charset_to_utf8(&out, SLICE("utf-8"), SLICE("a")));
	assert_false(charset_to_utf8(&out, SLICE("no name"), SLICE("a")));
	assert_false(charset_was_missed());
	/* Of which there are idle converters. */
	assert_false(charset_to_utf8(&out, SLICE("EUC-KR"), SLICE("\xb0\xa1")));
	assert_true(charset_was_missed());
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_convert),
		cmocka_unit_test(test_what_follows),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_forgone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
