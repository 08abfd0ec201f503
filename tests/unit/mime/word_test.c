/* SPDX-License-Identifier: ISC */
#include "mime/word.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

#define BAD "\xef\xbf\xbd"
#define GA  "\xea\xb0\x80"

static void
test_words(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "plain text",                            "plain text" },
		{ "=?utf-8?q?=EA=B0=80?=",                 GA },
		{ "=?UTF-8?B?6rCA?=",                      GA },
		{ "=?euc-kr?B?sKE=?=",                     GA },
		{ "=?euc-kr*ko?B?sKE=?=",                  GA },
		{ "a =?utf-8?q?b_c?= d",                   "a b c d" },
		/* RFC 2047 8 */
		{ "(=?ISO-8859-1?Q?a?=)",                  "(a)" },
		{ "=?ISO-8859-1?Q?a?= b",                  "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=",                  "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		/* a character cut between two words */
		{ "=?utf-8?q?=EA=B0?= =?utf-8?q?=80?=",    GA },
		{ "=?utf-8?B?6rA=?= =?UTF-8?B?gA==?=",     GA },
		{ "=?utf-8?q?=EA=B0?= x =?utf-8?q?=80?=",  BAD " x " BAD },
		/* raw bytes, lines */
		{ GA " raw",                               GA " raw" },
		{ "raw \xff",                              "raw \xc3\xbf" },
		{ "a\r\n b\n\tc",                          "a b\tc" },
		/* no words */
		{ "=?utf-8?x?abc?=",                       "=?utf-8?x?abc?=" },
		{ "=?utf-8?q?abc",                         "=?utf-8?q?abc" },
		{ "=??q?abc?=",                            "=??q?abc?=" },
		{ "=?utf-8?q?a\nb?=",                      "=?utf-8?q?ab?=" },
		{ "=?",                                    "=?" },
		{ "=?=?=?=?",                              "=?=?=?=?" },
		{ "",                                      "" },
		/* broken ones */
		{ "=?utf-8?q?" "?=",                          "" },
		{ "=?utf-8?q?=4?=",                        "=4" },
		{ "=?utf-8?q?=?=",                         "=" },
		{ "=?nonsense?q?a=FF?=",                   "a\xc3\xbf" },
		{ "=?utf-8?B?!!!?=",                       "" },
		{ "=?utf-8?q?a?==?utf-8?q?b?=",            "ab" },
		{ "x=?utf-8?q?a?=y",                       "xay" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		word_decode(&out, slice_str(rows[i].in));
		assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
	}
}

/* Raw bytes beside encoded words. */
static void
test_raw(void **state)
{
	/* clang-format off */
	static const struct { const char *charset, *in, *want; } rows[] = {
		{ "euc-kr",      "\xb0\xa1 =?utf-8?q?x?= \xb0\xa1", GA " x " GA },
		{ "euc-kr",      "a\r\n \xb0\xa1",   "a " GA },
		{ "euc-kr",      GA,                  GA }, /* it is UTF-8 */
		{ "",            "caf\xe9",           "caf\xc3\xa9" },
		{ "x-none",      "caf\xe9",           "caf\xc3\xa9" },
		{ "us-ascii",    "caf\xe9",           "caf\xc3\xa9" },
		{ "koi8-r",      "\xd1",              "\xd1\x8f" },
		{ "iso-2022-kr", "\x1b$)C\x0e" "0!\x0f.", GA "." },
		{ "euc-kr",      "\x0e" "0!\x0f",     "\x0e" "0!\x0f" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		word_decode_in(
		    &out, slice_str(rows[i].in), slice_str(rows[i].charset));
		assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
