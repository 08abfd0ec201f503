/* SPDX-License-Identifier: ISC */
#include "table/alias.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *in;
	const char *out; /* a letter for the kind and the text; NULL: refused */
} rows[] = {
	{ "bob",                        "Abob;" },
	{ "bob@B.Example",              "Abob@b.example;" },
	{ "a@b.test, c@d.test",         "Aa@b.test;Ac@d.test;" },
	{ ",a@b.test,,c,",              "Aa@b.test;Ac;" },
	{ "<a@b.test>",                 "Aa@b.test;" },
	{ "\\bob",                      "!bob;" },
	{ "\\bob, bob@b.test",          "!bob;Abob@b.test;" },
	{ "\"a b\"@c.test",             "A\"a b\"@c.test;" },
	{ "\"a,b\"@c.test, d",          "A\"a,b\"@c.test;Ad;" },
	{ "|/bin/cat",                  "C/bin/cat;" },
	{ "| /bin/cat -n ",             "C/bin/cat -n;" },
	{ "\"|/bin/cat -n, -b\", d",    "C/bin/cat -n, -b;Ad;" },
	{ "|\"/bin/cat -n, -b\", d",    "C/bin/cat -n, -b;Ad;" },
	{ "\"|sh -c \\\"a, b\\\"\"",    "Csh -c \"a, b\";" },
	{ "\"|a\\\\b\"",                "Ca\\b;" },
	{ "/var/mail/x",                "F/var/mail/x;" },
	{ "\"/var/mail/x y\"",          "F/var/mail/x y;" },
	{ ":include:/etc/list",         "I/etc/list;" },
	{ ":Include:/etc/list, a",      "I/etc/list;Aa;" },
	{ "\":include:/etc/a list\"",   "I/etc/a list;" },
	{ "a\nb\n\n# c\nd # e\n",       NULL },
	{ "# x, y\na\n  # c\nd\n",      "Aa;Ad;" },
	{ "a, # b\nc",                  NULL },

	{ "",                           NULL },
	{ " , \n",                      NULL },
	{ "# only\n",                   NULL },
	{ "a b",                        NULL },
	{ "a@",                         NULL },
	{ "|",                          NULL },
	{ "\"|\"",                      NULL },
	{ "|\"\"",                      NULL },
	{ "/",                          NULL },
	{ "/dir/",                      NULL },
	{ ":include:",                  NULL },
	{ ":include:list",              NULL },
	{ ":fail: x",                   NULL },
	{ "\"a, b",                     NULL },
	{ "\"|a\\\"",                   NULL },
	{ "|a\x01",                     NULL },
	{ "a@b.test, \x7f",             NULL },
};
/* clang-format on */

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		struct alias a;
		struct buf out;
		int rc;

		arena_init(&arena);
		buf_init(&out, 1000);
		rc = alias_parse(slice_str(rows[i].in), &arena, &a, NULL);
		for (size_t k = 0; rc == 0 && k < a.n; k++)
			buf_addf(&out, "%c%.*s;",
			    a.targets[k].final ? '!'
					       : "ACFI"[a.targets[k].kind],
			    SLICE_FMT(a.targets[k].text));
		if ((rc == 0) != (rows[i].out != NULL))
			fail_msg("%s", rows[i].in);
		if (rc == 0)
			assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
		arena_fini(&arena);
	}
}

/* What one daemon puts, the other reads. */
static void
test_wire(void **state)
{
	static const char *const bad[] = { "A", "Aa", "\n", "A\n", "Xa\n" };
	const struct alias_target targets[] = {
		{ ALIAS_ADDRESS, false, SLICE("a@b.test") },
		{ ALIAS_ADDRESS, true, SLICE("bob") },
		{ ALIAS_COMMAND, false, SLICE("/bin/cat -n, x") },
		{ ALIAS_FILE, false, SLICE("/x") },
		{ ALIAS_INCLUDE, false, SLICE("/y z") },
	};
	struct alias_target t;
	struct buf wire;
	struct cur c;

	(void)state;
	buf_init(&wire, 1000);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		alias_put(&targets[i], &wire);
	c = cur_of(buf_slice(&wire));
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		assert_true(alias_next(&c, &t));
		assert_int_equal(t.kind, targets[i].kind);
		assert_int_equal(t.final, targets[i].final);
		assert_true(slice_eq(t.text, targets[i].text));
	}
	assert_false(alias_next(&c, &t));
	assert_true(cur_end(&c));
	buf_fini(&wire);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c = cur_of(slice_str(bad[i]));
		assert_false(alias_next(&c, &t));
		assert_false(cur_ok(&c));
	}
}

static void
test_too_many(void **state)
{
	struct arena arena;
	struct alias a;
	struct buf list;

	(void)state;
	arena_init(&arena);
	buf_init(&list, 1 << 20);
	for (size_t i = 0; i < ALIAS_TARGETS_MAX; i++)
		buf_adds(&list, "a,");
	assert_int_equal(alias_parse(buf_slice(&list), &arena, &a, NULL), 0);
	assert_int_equal(a.n, ALIAS_TARGETS_MAX);
	buf_adds(&list, "a");
	assert_int_equal(alias_parse(buf_slice(&list), &arena, &a, NULL), -1);
	buf_fini(&list);
	arena_fini(&arena);
}

static void
test_keys(void **state)
{
	/* clang-format off */
	static const struct {
		const char *key;
		bool ok;
	} keys[] = {
		{ "root",           true },
		{ "root@a.test",    true },
		{ "\"a b\"@a.test", true },
		{ "@a.test",        true },
		{ "@",              false },
		{ "a@",             false },
		{ "@a test",        false },
		{ "a@b@c",          false },
		{ "|x",             true },  /* an atom, odd as it is */
		{ "a,b",            false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if ((alias_check(slice_str(keys[i].key), SLICE("x"), NULL) ==
			0) != keys[i].ok)
			fail_msg("%s", keys[i].key);
	assert_int_equal(alias_check(SLICE("root"), SLICE("a b"), NULL), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
