/* SPDX-License-Identifier: ISC */
#include "pop3d/parse.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_parse(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		enum pop3d_args form;
		bool ok;
		uint32_t number; /* 0: none */
		uint64_t lines;
	} rows[] = {
		{ "STAT",              ARGS_NONE,         true,  0, 0 },
		{ "STAT  ",            ARGS_NONE,         true,  0, 0 },
		{ "STAT 1",            ARGS_NONE,         false, 0, 0 },
		{ "LIST",              ARGS_MAYBE_NUMBER, true,  0, 0 },
		{ "LIST ",             ARGS_MAYBE_NUMBER, true,  0, 0 },
		{ "LIST 7",            ARGS_MAYBE_NUMBER, true,  7, 0 },
		{ "LIST  7 ",          ARGS_MAYBE_NUMBER, true,  7, 0 },
		{ "LIST 0",            ARGS_MAYBE_NUMBER, false, 0, 0 },
		{ "LIST -1",           ARGS_MAYBE_NUMBER, false, 0, 0 },
		{ "LIST x",            ARGS_MAYBE_NUMBER, false, 0, 0 },
		{ "LIST 1 2",          ARGS_MAYBE_NUMBER, false, 0, 0 },
		{ "LIST 1x",           ARGS_MAYBE_NUMBER, false, 0, 0 },
		{ "RETR",              ARGS_NUMBER,       false, 0, 0 },
		{ "RETR 4294967295",   ARGS_NUMBER,       true,  4294967295, 0 },
		{ "RETR 4294967296",   ARGS_NUMBER,       false, 0, 0 },
		{ "RETR 99999999999999999999999", ARGS_NUMBER, false, 0, 0 },
		{ "TOP 1",             ARGS_NUMBER_LINES, false, 0, 0 },
		{ "TOP 1 0",           ARGS_NUMBER_LINES, true,  1, 0 },
		{ "TOP 2  10",         ARGS_NUMBER_LINES, true,  2, 10 },
		{ "TOP 2 -1",          ARGS_NUMBER_LINES, false, 0, 0 },
		{ "TOP 2 10 1",        ARGS_NUMBER_LINES, false, 0, 0 },
		{ "TOP 210",           ARGS_NUMBER_LINES, false, 0, 0 },
		{ "TOP 1 18446744073709551615", ARGS_NUMBER_LINES, true, 1,
		    UINT64_MAX },
		{ "TOP 1 18446744073709551616", ARGS_NUMBER_LINES, false, 0, 0 },
		{ "USER a b c",        ARGS_ANY,          true,  0, 0 },
		{ "",                  ARGS_NONE,         true,  0, 0 },
	};
	/* clang-format on */
	struct pop3d_command c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice rest =
		    pop3d_parse_verb(slice_str(rows[i].line), &c);
		const char *why = pop3d_parse_args(rest, rows[i].form, &c);

		if ((why == NULL) != rows[i].ok)
			fail_msg("%s: %s", rows[i].line, why);
		if (why != NULL)
			continue;
		assert_int_equal(c.has_number, rows[i].number != 0);
		assert_int_equal(c.number, rows[i].number);
		assert_int_equal(c.lines, rows[i].lines);
	}
}

static void
test_verb(void **state)
{
	struct pop3d_command c;

	(void)state;
	assert_int_equal(pop3d_parse_verb(SLICE("  "), &c).n, 0);
	assert_int_equal(c.verb.n, 0);
	assert_true(slice_is(pop3d_parse_verb(SLICE("top 1 2"), &c), "1 2"));
	assert_true(slice_is(c.verb, "top"));
	/* nothing but a blank parts the verb from the rest */
	(void)pop3d_parse_verb(SLICE("TOP\t1"), &c);
	assert_true(slice_is(c.verb, "TOP\t1"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
