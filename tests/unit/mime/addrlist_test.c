/* SPDX-License-Identifier: ISC */
#include "mime/addrlist.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

static void
put(struct buf *out, struct slice s)
{
	if (s.p == NULL)
		buf_addc(out, '-');
	else
		buf_add(out, s);
}

/* "name/route/mailbox/host" for each, {name and } for groups. */
static void
describe(struct buf *out, const struct addrlist_item *a)
{
	for (; a != NULL; a = a->next) {
		if (out->n > 0)
			buf_addc(out, ' ');
		if (a->kind != ADDRLIST_MAILBOX) {
			buf_addc(out, a->kind == ADDRLIST_GROUP ? '{' : '}');
			if (a->kind == ADDRLIST_GROUP)
				put(out, a->mailbox);
			continue;
		}
		put(out, a->name);
		buf_addc(out, '/');
		put(out, a->route);
		buf_addc(out, '/');
		put(out, a->mailbox);
		buf_addc(out, '/');
		put(out, a->host);
	}
}

static void
assert_list(struct slice in, size_t max, const char *want)
{
	struct arena arena;
	struct buf got;

	arena_init(&arena);
	buf_init(&got, 1 << 20);
	describe(&got, addrlist_parse(&arena, in, max));
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
	arena_fini(&arena);
}

static void
test_lists(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		/* RFC 5322 A.1 to A.6 */
		{ "John Doe <jdoe@machine.example>", "John Doe/-/jdoe/machine.example" },
		{ "\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public/-/john.q.public/example.com" },
		{ "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
		  "Mary Smith/-/mary/x.test -/-/jdoe/example.org Who?/-/one/y.test" },
		{ "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
		  "-/-/boss/nil.test Giant; \"Big\" Box/-/sysservices/example.net" },
		{ "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
		  "{A Group Ed Jones/-/c/a.test -/-/joe/where.test John/-/jdoe/one.test }" },
		{ "Undisclosed recipients:;", "{Undisclosed recipients }" },
		{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
		  "Pete/-/pete/silly.test" },
		{ "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org;",
		  "{A Group Chris Jones/-/c/public.example -/-/joe/example.org }" },
		{ "Mary Smith\r\n          <@node.test:mary@example.net>, , jdoe@test . example",
		  "Mary Smith/@node.test/mary/example.net -/-/jdoe/test.example" },
		{ "<@a.test,@b.test:c@d.test>", "-/@a.test,@b.test/c/d.test" },
		{ "Joe Q. Public <a@b>", "Joe Q. Public/-/a/b" },
		/* names in comments */
		{ "a@b (Real Name)",           "Real Name/-/a/b" },
		{ "a@b (outer (inner) \\( x)", "outer (inner) ( x/-/a/b" },
		{ "a@b (one), c@d",            "one/-/a/b -/-/c/d" },
		/* quoted local parts, literals */
		{ "\"a b\"@c",                 "-/-/a b/c" },
		{ "\"a\\\"b\"@c",              "-/-/a\"b/c" },
		{ "a@[IPv6:::1]",              "-/-/a/[IPv6:::1]" },
		{ "<a@[127.0.0.1]>",           "-/-/a/[127.0.0.1]" },
		/* what is sent all the same */
		{ "root",                      "-/-/root/" },
		{ "a, b",                      "-/-/a/ -/-/b/" },
		{ "Joe <joe>",                 "Joe/-/joe/" },
		{ "<>",                        "-/-//" },
		{ "a@b.c <d@e.f>",             "a@b.c/-/d/e.f" },
		{ "a@b c@d",                   "-/-/a/b -/-/c/d" },
		{ "a@b; c@d",                  "-/-/a/b -/-/c/d" },
		{ "Joe <a@b",                  "Joe/-/a/b" },
		{ "Joe <a@b, c@d",             "Joe/-/a/b -/-/c/d" },
		{ "<a@b@c>",                   "-/-/a/b" },
		/* a name behind the address */
		{ "<a@b> Joe, c@d",            "Joe/-/a/b -/-/c/d" },
		{ "<a@b> (Joe)",               "Joe/-/a/b" },
		{ "Jim <a@b> Joe (x)",         "Jim/-/a/b" },
		{ "<a@b> Joe <c@d>",           "-/-/a/b Joe/-/c/d" },
		{ "<a@b> c@d",                 "-/-/a/b -/-/c/d" },
		{ "<a@b> g: c@d;",             "-/-/a/b {g -/-/c/d }" },
		{ "<a@b>, Joe",                "-/-/a/b -/-/Joe/" },
		{ "\"unclosed <a@b>",          "-/-/unclosed <a@b>/" },
		{ "(unclosed a@b",             "" },
		{ "a@b (unclosed",             "unclosed/-/a/b" },
		{ "=?utf-8?q?=C3=A9?= <a@b>",  "=?utf-8?q?=C3=A9?=/-/a/b" },
		{ "\xea\xb0\x80 <a@b>",        "\xea\xb0\x80/-/a/b" },
		{ "g: a@b",                    "{g -/-/a/b }" },
		{ "g: h: a@b;",                "{g -/-/h/ -/-/a/b }" },
		{ ": a@b",                     "-/-/a/b" },
		{ ";;,,>>\\)",                 "" },
		{ "a@[b",                      "-/-/a/[b" },
		{ "<@a.b>",                    "-/-//" },
		{ "\"\" <a@b>",                "-/-/a/b" },
		{ "a@\"\"",                    "-/-/a/" },
		{ "\"\"@\"\"",                "-/-//" },
		{ "",                          "" },
		{ " \r\n ",                    "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_list(slice_str(rows[i].in), 100, rows[i].want);
}

static void
test_max(void **state)
{
	(void)state;
	assert_list(SLICE("a@b,c@d,e@f"), 2, "-/-/a/b -/-/c/d");
	assert_list(SLICE("g:a@b,c@d;"), 2, "{g -/-/a/b }");
	assert_list(SLICE("a,b,c"), 2, "-/-/a/ -/-/b/");
	assert_list(SLICE("a"), 0, "");
	assert_list(SLICE("a\0b@c"), 9, "-/-/a"); /* where the C string ends */
}

/* Square time would not come back: 1 MB of each. */
static void
test_hostile_repeats(void **state)
{
	static const char *const units[] = { "(", "\"", "<", "@", "@[", "a@b,",
		":", "g:", "<@", "\\", "\"\" ", "a ", ")", "<<@a,", ";", "[" };
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct arena arena;

		arena_init(&arena);
		buf_init(&b, 2 << 20);
		while (b.n < 1 << 20)
			buf_adds(&b, units[i]);
		addrlist_parse(&arena, buf_slice(&b), 1000000);
		assert_true(arena.used_bytes < (size_t)512 << 20);
		arena_fini(&arena);
		buf_fini(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_hostile_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
