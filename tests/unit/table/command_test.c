/* SPDX-License-Identifier: ISC */
#include "table/command.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *key, *value;
	bool ok;
	uint32_t uid;
	const char *args; /* each with a "|" behind it */
} rows[] = {
	{ "lists", "/bin/l",                    true, 0,    "/bin/l|" },
	{ "a-1_b", " uid=2001\t/bin/l  a b ",   true, 2001, "/bin/l|a|b|" },
	{ "l", "/bin/l \"a b\" c\"d e\"f \"\"", true, 0,    "/bin/l|a b|cd ef||" },
	{ "l", "/bin/l -f${sender} ${recipient}", true, 0,
	    "/bin/l|-f${sender}|${recipient}|" },
	{ "l", "/bin/l uid=5",                  true, 0,    "/bin/l|uid=5|" },
	{ "l", "\"/opt/a b\" ;|&`x`",           true, 0,    "/opt/a b|;|&`x`|" },

	{ "l", "",                    false, 0, NULL },
	{ "l", "uid=5",               false, 0, NULL },
	{ "l", "uid=0 /bin/l",        false, 0, NULL },
	{ "l", "uid= /bin/l",         false, 0, NULL },
	{ "l", "uid=root /bin/l",     false, 0, NULL },
	{ "l", "uid=4294967295 /bin/l", false, 0, NULL },
	{ "l", "uid=5 uid=6 /bin/l",  false, 0, NULL },
	{ "l", "bin/l",               false, 0, NULL },
	{ "l", "l",                   false, 0, NULL },
	{ "l", "/${user}",            false, 0, NULL },
	{ "l", "/bin/l \"a",          false, 0, NULL },
	{ "l", "/bin/l $sender",      false, 0, NULL },
	{ "l", "/bin/l ${sender",     false, 0, NULL },
	{ "l", "/bin/l ${password}",  false, 0, NULL },
	{ "l", "/bin/l ${}",          false, 0, NULL },
	{ "l", "/bin/l $(x)",         false, 0, NULL },
	{ "",  "/bin/l",              false, 0, NULL },
	{ "a.b", "/bin/l",            false, 0, NULL },
	{ "a/b", "/bin/l",            false, 0, NULL },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice value = slice_str(rows[i].value);
		struct buf args = { .max = 1000 };
		struct err err = { 0 };
		struct table_command c;
		struct arena arena;

		if ((table_command_check(slice_str(rows[i].key), value, &err) ==
			0) != rows[i].ok)
			fail_msg("row %zu: %s", i, err.text);
		if (!rows[i].ok)
			continue;
		arena_init(&arena);
		assert_int_equal(
		    table_command_parse(value, &arena, &c, &err), 0);
		for (size_t k = 0; k < c.n; k++) {
			buf_add(&args, c.args[k]);
			buf_addc(&args, '|');
		}
		assert_int_equal(c.uid, rows[i].uid);
		assert_true(slice_is(buf_slice(&args), rows[i].args));
		buf_fini(&args);
		arena_fini(&arena);
	}
}

static void
test_many(void **state)
{
	struct buf value = { .max = 1000 };
	struct table_command c;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	buf_adds(&value, "/bin/l");
	for (int i = 1; i < TABLE_COMMAND_ARGS_MAX; i++)
		buf_adds(&value, " a");
	assert_int_equal(
	    table_command_parse(buf_slice(&value), &arena, &c, NULL), 0);
	buf_adds(&value, " a");
	assert_int_equal(
	    table_command_parse(buf_slice(&value), &arena, &c, NULL), -1);
	buf_fini(&value);
	arena_fini(&arena);
}

/* What strangers wrote stays one argument, and becomes no option; it is not
 * looked at for macros again. */
static void
test_fill(void **state)
{
	static const struct {
		const char *arg, *filled;
	} table[] = {
		{ "${sender}", "a b;$(x)\"${user}@a.test" },
		{ "-f${sender}", "-fa b;$(x)\"${user}@a.test" },
		{ "to=${recipient}", "to=-rf@a.test" },
		{ "${domain}/${size}", "a.test/42" },
		{ "", "" },
		{ "${recipient}", NULL },
		{ "${mailbox}x", NULL },
		{ "${client_address}", NULL },
		{ "${no}", NULL },
	};
	const struct slice v[MACRO_COUNT] = {
		[MACRO_SENDER] = SLICE("a b;$(x)\"${user}@a.test"),
		[MACRO_RECIPIENT] = SLICE("-rf@a.test"),
		[MACRO_MAILBOX] = SLICE("-rf"),
		[MACRO_DOMAIN] = SLICE("a.test"),
		[MACRO_SIZE] = SLICE("42"),
		[MACRO_CLIENT_ADDRESS] = slice_of("a\0b", 3),
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *got =
		    table_command_fill(slice_str(table[i].arg), v, &arena);

		if (table[i].filled == NULL)
			assert_null(got);
		else
			assert_string_equal(got, table[i].filled);
	}
	arena_fini(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
