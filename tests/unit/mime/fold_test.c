/* SPDX-License-Identifier: ISC */
#include "mime/fold.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

#define BAD "\xef\xbf\xbd"
#define GA  "\xea\xb0\x80"
#define GAG "\xea\xb0\x81"

static void
test_fold(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "HeLLo",                         "hello" },
		{ "a \t\r\n b",                    "a b" },
		{ "\xc3\x89",                      "e\xcc\x81" },     /* É */
		{ "e\xcc\x81",                     "e\xcc\x81" },
		{ "Stra\xc3\x9f" "e",              "strasse" },       /* ß */
		{ "\xef\xbc\xa1",                  "a" },             /* fullwidth A */
		{ "\xce\xa3\xcf\x82",              "\xcf\x83\xcf\x83" }, /* Σς */
		{ GA,                              GA },
		{ "\xe1\x84\x80\xe1\x85\xa1",      GA },              /* jamo */
		{ "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", GAG },
		{ GA "\xe1\x86\xa8",               GAG },
		{ GAG "\xe1\x86\xa8",              GAG "\xe1\x86\xa8" },
		{ "\xe1\x84\x80" "a",              "\xe1\x84\x80" "a" },
		{ "a\xffz",                        "a" BAD "z" },
		{ "soft\xc2\xadhyphen",            "softhyphen" },
		/* marks in canonical order, whoever wrote them in which */
		{ "a\xcc\x82\xcc\xa3" "b",          "a\xcc\xa3\xcc\x82" "b" },
		{ "\xe1\xba\xad",                  "a\xcc\xa3\xcc\x82" },   /* ậ */
		{ "\xc3\xa2\xcc\xa3",              "a\xcc\xa3\xcc\x82" },   /* â, dot below */
		{ "e\xcc\x81\xcc\x80",             "e\xcc\x81\xcc\x80" },   /* one class */
		{ GA "\xcc\x81\xe1\x86\xa8",        GA "\xcc\x81\xe1\x86\xa8" },
		{ "A B C D  E\x7f" "F G\tH\r\n I",  "a b c d e\x7f" "f g h i" },
		{ " AZ[az{@`09!",                  " az[az{@`09!" },
		{ "",                              "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		fold_text(slice_str(rows[i].in), &out);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
