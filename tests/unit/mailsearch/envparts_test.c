/* SPDX-License-Identifier: ISC */
#include "mailsearch/envparts.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

#define WHO "((\"A \\\"b\\\"\" NIL \"a\" \"x.y\")(NIL NIL {3}\r\nq\"r NIL))"
#define WHOLE                                                                  \
	"(\"d\" \"s \\\\ t\" " WHO " " WHO                                     \
	" NIL NIL NIL NIL \"<i>\" {4}\r\n<m\">)"

static void
test_parts(void **state)
{
	static const struct {
		enum envpart part;
		const char *want;
	} rows[] = { { ENVPART_DATE, "d" }, { ENVPART_SUBJECT, "s \\ t" },
		{ ENVPART_CC, "" }, { ENVPART_IN_REPLY_TO, "<i>" },
		{ ENVPART_MESSAGE_ID, "<m\">" } };
	struct envparts e;
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	for (enum envpart last = 0; last < ENVPARTS; last++) {
		assert_true(envparts_split(slice_str(WHOLE), last, &e));
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			const struct slice got =
			    envparts_string(e.of[rows[i].part], &text);

			assert_true(slice_is(
			    got, rows[i].part <= last ? rows[i].want : ""));
		}
	}
	buf_fini(&text);
}

static void
test_first_address(void **state)
{
	struct envaddress a;
	struct envparts e;
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	assert_true(envparts_split(slice_str(WHOLE), ENVPART_SENDER, &e));
	assert_true(slice_is(e.of[ENVPART_SENDER], WHO));
	assert_true(envparts_first(e.of[ENVPART_FROM], &a));
	assert_true(slice_is(envparts_string(a.name, &text), "A \"b\""));
	assert_true(slice_is(envparts_string(a.mailbox, &text), "a"));
	assert_true(slice_is(envparts_string(a.host, &text), "x.y"));
	assert_false(envparts_first(e.of[ENVPART_TO], &a));
	buf_fini(&text);
}

/* Wherever it is cut, and what else is no envelope. */
static void
test_none(void **state)
{
	static const char *const bad[] = { "", "x", "(", "()", "(NIL)",
		"(\"d\\", "(\"d\"  \"s\")", "(\"d\" {9}\r\ns)", "(d s)",
		WHOLE " ", "(NIL NIL ((NIL NIL NIL)))" };
	const struct slice whole = slice_str(WHOLE);
	struct envparts e;

	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		assert_false(envparts_split(
		    slice_sub(whole, 0, n), ENVPART_MESSAGE_ID, &e));
		for (enum envpart i = 0; i < ENVPARTS; i++)
			assert_true(slice_is(e.of[i], "NIL"));
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(
		    envparts_split(slice_str(bad[i]), ENVPART_MESSAGE_ID, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_first_address),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
