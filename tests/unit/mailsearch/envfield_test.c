/* SPDX-License-Identifier: ISC */
#include "mailsearch/envfield.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/needle.h"

static const char envelope[] =
    "(\"Fri, 21 Nov 1997\" {7}\r\na\"b\\c()"
    " ((\"A \\\"B\\\\\" NIL \"a\" \"x.org\")(\"\" NIL \"b\" \"y\"))"
    " ((NIL NIL \"list\" NIL)(NIL NIL \"c\" \"z\")(NIL NIL NIL NIL))"
    " NIL ((NIL \"@r\" {2}\r\n(\" \"\")) NIL NIL NIL NIL)";

static void
test_fields(void **state)
{
	/* clang-format off */
	static const struct { enum envfield field; const char *want; } rows[] = {
		{ ENVFIELD_TO,       "(\"@" },
		{ ENVFIELD_SUBJECT,  "a\"b\\c()" },
		{ ENVFIELD_DATE,     "Fri, 21 Nov 1997" },
		{ ENVFIELD_FROM,     "A \"B\\ <a@x.org>, b@y" },
		{ ENVFIELD_SENDER,   "list, c@z" },
		{ ENVFIELD_REPLY_TO, "" },
		{ ENVFIELD_CC,       "" },
		{ ENVFIELD_BCC,      "" },
	};
	/* clang-format on */
	struct envelope_fields e;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	envfield_begin(&e, slice_str(envelope));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice s = envfield_get(&e, rows[i].field);

		buf_reset(&out);
		envfield_text(s, rows[i].field >= ENVFIELD_FROM, &out);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		assert_int_equal(s.n == 0, rows[i].want[0] == '\0');
	}
	buf_fini(&out);
}

/* Of what is none, every field behind the damage is empty. */
static void
test_damaged(void **state)
{
	static const char *const rows[] = { "", "(", "x", "(\"a", "(\"a\\\"",
		"(NIL", "(NILNIL", "(NIL {9}\r\nab", "(NIL {x}\r\n",
		"(NIL {99999999999999999999}\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct envelope_fields e;

		envfield_begin(&e, slice_str(rows[i]));
		assert_int_equal(envfield_get(&e, ENVFIELD_BCC).n, 0);
		assert_int_equal(envfield_get(&e, ENVFIELD_SUBJECT).n, 0);
	}
}

static void
test_lacks(void **state)
{
	/* clang-format off */
	static const struct {
		const char *rendered;
		bool addresses;
		const char *needle;
		bool lacks;
	} rows[] = {
		{ "\"Hello\"",                  false, "hello", false },
		{ "\"HELLO\"",                  false, "hello", false },
		{ "\"Hello\"",                  false, "help",  true },
		{ "\"Hello\"",                  false, "\xc3\xa9", true },
		{ "{5}\r\nHello",               false, "help",  false },
		{ "\"=?utf-8?q?=41?=\"",        false, "zzz",   false },
		{ "\"= ?\"",                    false, "zzz",   true },
		{ "\"\x1b$)C\"",                false, "\xea\xb0\x80", false },
		{ "\"\x0e" "0!\x0f\"",          false, "\xea\xb0\x80", false },
		{ "\"a\"",                      false, " ",     false },
		{ "((NIL NIL \"a\" \"b\"))",    true,  "a@b",   false },
		{ "((NIL NIL \"a\" \"b\"))",    true,  "@",     false },
		{ "((NIL NIL \"a\" \"b\"))",    true,  "x@b",   false },
		{ "((NIL NIL \"a\" \"b\"))",    true,  "xyz",   true },
		{ "((NIL NIL {1}\r\na \"b\"))", true,  "xyz",   false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice needle = slice_str(rows[i].needle);

		if (envfield_lacks(slice_str(rows[i].rendered),
			rows[i].addresses, needle,
			needle_rare(needle)) != rows[i].lacks)
			fail_msg("%s in %s", rows[i].needle, rows[i].rendered);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
