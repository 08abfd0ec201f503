/* SPDX-License-Identifier: ISC */
#include "conf/edit.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_set(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		const char *section;
		const char *value;
		const char *want;
	} rows[] = {
		{ "",                        "", "1", "x = 1\n" },
		{ "",                        "", "",  "x =\n" },
		{ "x = 0\n",                 "", "1", "x = 1\n" },
		{ "x=0",                     "", "1", "x = 1\n" },
		{ "a = 1",                   "", "1", "a = 1\nx = 1\n" },
		{ "# top\nx = 0\n# end\n",   "", "1", "# top\nx = 1\n# end\n" },
		{ "# top\na = 1\n\n",        "", "1", "# top\na = 1\nx = 1\n\n" },
		{ "x = 0\n  more\n# c\n  rest\ny = 2\n", "", "1", "x = 1\n# c\ny = 2\n" },
		{ "#x = 5\na = 1\n",         "", "1", "#x = 5\nx = 1\na = 1\n" },
		{ "# x = 5",                 "", "1", "# x = 5\nx = 1\n" },
		{ "x = 0\nb = 1\nx = 2\n",   "", "1", "x = 1\nb = 1\n" },
		{ "a = 1\n[s]\nx = 0\n",     "", "1", "a = 1\nx = 1\n[s]\nx = 0\n" },
		{ "[s]\nx = 0\n",            "", "1", "x = 1\n[s]\nx = 0\n" },
		{ "x = 9\n[s]\nx = 0\n",     "s", "1", "x = 9\n[s]\nx = 1\n" },
		{ "x = 9\n",                 "s", "1", "x = 9\n\n[s]\nx = 1\n" },
		{ "[s]\n[t]\n",              "s", "1", "[s]\nx = 1\n[t]\n" },
		{ "[s]\n# c\n\n[t]\n",       "s", "1", "[s]\n# c\nx = 1\n\n[t]\n" },
		{ "nonsense\nx = 0\n",       "", "1", "nonsense\nx = 1\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		conf_edit_set(slice_str(rows[i].text),
		    slice_str(rows[i].section), SLICE("x"),
		    slice_str(rows[i].value), &out);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
	}
}

static void
test_unset(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		const char *section;
		bool tidy;
		bool found;
		const char *want;
	} rows[] = {
		{ "",                         "",  true,  false, "" },
		{ "a = 1\n",                  "",  true,  false, "a = 1\n" },
		{ "a = 1\nx = 0\n  b\n# c\n", "",  true,  true,  "a = 1\n# c\n" },
		{ "x = 0\n # c\n  b\n",       "",  true,  true,  " # c\n" },
		{ "x = 0\n[s]\nx = 1\n",      "s", false, true,  "x = 0\n[s]\n" },
		{ "x = 0\n[s]\nx = 1\n",      "s", true,  true,  "x = 0\n" },
		{ "[s]\n# c\nx = 1\n[t]\n",   "s", true,  true,  "# c\n[t]\n" },
		{ "[s]\nx = 1\ny = 2\n",      "s", true,  true,  "[s]\ny = 2\n" },
		{ "a = 1\n[s]\n",             "s", true,  true,  "a = 1\n" },
		{ "[s]\ny = 1\n",             "s", true,  false, "[s]\ny = 1\n" },
		{ "x = 0\n[s]\nx = 1\n",      "t", true,  false, "x = 0\n[s]\nx = 1\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(conf_edit_unset(slice_str(rows[i].text),
				     slice_str(rows[i].section), SLICE("x"),
				     rows[i].tidy, &out),
		    rows[i].found);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_unset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
