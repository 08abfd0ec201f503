/* SPDX-License-Identifier: ISC */
#include "proto/address.h"

#include "tests/unit.h"

#include "base/mem.h"

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

/* clang-format off */
static const struct {
	const char *in;
	unsigned allow;
	const char *out; /* NULL: refused */
} paths[] = {
	{ "<a@b.example>",               0, "a@b.example" },
	{ "<A.b+c@B.EXAMPLE>",           0, "A.b+c@b.example" },
	{ "<a@b.example.>",              0, NULL },
	{ "<a@b_c.example>",             0, "a@b_c.example" },
	{ "<a@localhost>",               0, "a@localhost" },
	{ "<a%b@c.example>",             0, "a%b@c.example" },
	{ "<b!a@c.example>",             0, "b!a@c.example" },
	{ "<\"a\"@b.example>",           0, "a@b.example" },
	{ "<\"a.b\"@b.example>",         0, "a.b@b.example" },
	{ "<\"a b\"@b.example>",         0, "\"a b\"@b.example" },
	{ "<\"a\\b\"@b.example>",        0, "ab@b.example" },
	{ "<\"a\\\"b\"@b.example>",      0, "\"a\\\"b\"@b.example" },
	{ "<\"a\\\\b\"@b.example>",      0, "\"a\\\\b\"@b.example" },
	{ "<\"a@b\"@c.example>",         0, "\"a@b\"@c.example" },
	{ "<\"a..b\"@c.example>",        0, "\"a..b\"@c.example" },
	{ "<\"\"@c.example>",            0, "\"\"@c.example" },
	/* RFC 5321 4.1.3 */
	{ "<a@[192.0.2.1]>",             0, "a@[192.0.2.1]" },
	{ "<a@[ipv6:2001:DB8:0::1]>",    0, "a@[IPv6:2001:db8::1]" },
	/* source routes are dropped: RFC 5321 4.1.1.3 */
	{ "<@r.example:a@b.example>",    0, "a@b.example" },
	{ "<@r.example,@[192.0.2.1]:a@b.example>", 0, "a@b.example" },
	{ "<>",                          ADDRESS_NULL, "" },
	{ "<Postmaster>",                ADDRESS_POSTMASTER, "Postmaster" },
	{ "<root>",                      ADDRESS_BARE, "root" },
	{ "<\"a@b\">",                   ADDRESS_BARE, "\"a@b\"" },
	/* RFC 6531 */
	{ "<\xed\x95\x9c@\xea\xb5\xad.example>", ADDRESS_UTF8,
	    "\xed\x95\x9c@\xea\xb5\xad.example" },
	{ "<\"\xed\x95\x9c \"@b.example>", ADDRESS_UTF8,
	    "\"\xed\x95\x9c \"@b.example" },
	{ "<" X60 X60 "@b.example>",     0, X60 X60 "@b.example" },

	{ "",                            ADDRESS_NULL, NULL },
	{ "<",                           ADDRESS_NULL, NULL },
	{ "<>",                          0, NULL },
	{ "< >",                         ADDRESS_NULL, NULL },
	{ "<a@b.example",                0, NULL },
	{ "a@b.example",                 0, NULL },
	{ "<a@b.example >",              0, NULL },
	{ "< a@b.example>",              0, NULL },
	{ "<a @b.example>",              0, NULL },
	{ "<a b@b.example>",             0, NULL },
	{ "<<a@b.example>>",             0, NULL },
	{ "<postmaster>",                0, NULL },
	{ "<root>",                      ADDRESS_POSTMASTER, NULL },
	{ "<a@>",                        ADDRESS_BARE, NULL },
	{ "<@b.example>",                ADDRESS_BARE, NULL },
	{ "<@b.example:>",               ADDRESS_BARE, NULL },
	{ "<@b.example:@c.example>",     ADDRESS_BARE, NULL },
	{ "<@b.example,:a@c.example>",   0, NULL },
	{ "<a@b@c.example>",             0, NULL },
	{ "<a@.example>",                0, NULL },
	{ "<a@b..example>",              0, NULL },
	{ "<a@b.example..>",             0, NULL },
	{ "<a@-b.example>",              0, NULL },
	{ "<a@b-.example>",              0, NULL },
	{ "<a@b/c.example>",             0, NULL },
	/* dots that RFC 5321 does not know and telephones have */
	{ "<a..b@b.example>",            0, "\"a..b\"@b.example" },
	{ "<a.b.@b.example>",            0, "\"a.b.\"@b.example" },
	{ "<.a@b.example>",              0, "\".a\"@b.example" },
	{ "<..@b.example>",              0, "\"..\"@b.example" },
	{ "<a..\"b\"@b.example>",        0, NULL },
	{ "<ä..b@b.example>",            0, NULL },
	{ "<ä..b@b.example>",            ADDRESS_UTF8, "\"ä..b\"@b.example" },
	{ "<\"a@b.example>",             0, NULL },
	{ "<\"a\"b@b.example>",          0, NULL },
	{ "<\"a\\\"@b.example>",         0, NULL },
	{ "<\"a\tb\"@b.example>",        0, NULL },
	{ "<\"a\rb\"@b.example>",        0, NULL },
	{ "<a\nb@b.example>",            0, NULL },
	{ "<a@b\n.example>",             0, NULL },
	{ "<a\x7f@b.example>",           0, NULL },
	{ "<a@[]>",                      0, NULL },
	{ "<a@[192.0.2.256]>",           0, NULL },
	{ "<a@[192.0.2.1>",              0, NULL },
	{ "<a@[2001:db8::1]>",           0, NULL },
	{ "<a@[IPv6:192.0.2.1]>",        0, NULL },
	{ "<a@[tag:content]>",           0, NULL },
	{ "<\xed\x95\x9c@b.example>",    0, NULL },
	{ "<\xed\x95@b.example>",        ADDRESS_UTF8, NULL },
	{ "<\xff@b.example>",            ADDRESS_UTF8, NULL },
	{ "<a@\xc0\x80.example>",        ADDRESS_UTF8, NULL },
	{ "<a@" X60 "xxxx.example>",     0, NULL },
	{ "<a@" X60 "." X60 "." X60 "." X60 "." X60 ".example>", 0, NULL },
	{ "<a@" X60 "." X60 "." X60 "." X60 ".example.example.>", 0, NULL },
	{ "<" X60 X60 X60 X60 X60 "@b.example>", 0, NULL },
};
/* clang-format on */

static void
test_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct cur c = cur_of(slice_str(paths[i].in));
		struct buf out;

		buf_init(&out, ADDRESS_MAX + 1);
		buf_addc(&out, '!');
		address_path(&c, paths[i].allow, &out);
		if (cur_end(&c) != (paths[i].out != NULL))
			fail_msg("%s", paths[i].in);
		assert_int_equal(out.p[0], '!');
		buf_consume(&out, 1);
		assert_string_equal(
		    buf_cstr(&out), paths[i].out != NULL ? paths[i].out : "");
		buf_fini(&out);
	}
}

/* What was canonical once stays as it is, and splits into what was joined. */
static void
test_canonical_is_stable(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const struct slice s = slice_str(paths[i].out);
		struct slice local, domain;
		struct buf out;

		if (s.n == 0)
			continue;
		buf_init(&out, ADDRESS_MAX);
		assert_true(address_parse(s, paths[i].allow, &out));
		assert_true(slice_eq(buf_slice(&out), s));
		address_split(s, &local, &domain);
		assert_int_equal(local.n + (domain.n > 0) + domain.n, out.n);
		assert_true(local.n > 0);
		buf_fini(&out);
	}
}

static void
test_path_reads_no_further(void **state)
{
	struct cur c = cur_of(SLICE("<a@b.example> SIZE=1"));
	struct buf out;

	(void)state;
	buf_init(&out, ADDRESS_MAX);
	address_path(&c, 0, &out);
	assert_true(cur_ok(&c));
	assert_true(slice_is(cur_rest(&c), " SIZE=1"));
	buf_fini(&out);
}

static void
test_no_room(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 8);
	assert_false(address_parse(SLICE("alice@b.example"), 0, &out));
	assert_int_equal(out.n, 0);
	buf_fini(&out);
}

static void
test_split(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *local, *domain;
	} rows[] = {
		{ "a@b.example",       "a",         "b.example" },
		{ "\"a@b\"@c.example", "\"a@b\"",   "c.example" },
		{ "\"a@b\"",           "\"a@b\"",   "" },
		{ "postmaster",        "postmaster", "" },
		{ "",                  "",          "" },
	};
	/* clang-format on */
	struct slice local, domain;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		address_split(slice_str(rows[i].in), &local, &domain);
		assert_true(slice_is(local, rows[i].local));
		assert_true(slice_is(domain, rows[i].domain));
	}
}

static void
test_split_tag(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *delimiters, *user, *tag;
	} rows[] = {
		{ "alice+lists",     "+",  "alice",   "lists" },
		{ "alice+a+b",       "+",  "alice",   "a+b" },
		{ "alice-a+b",       "+-", "alice",   "a+b" },
		{ "alice",           "+",  "alice",   "" },
		{ "alice+",          "+",  "alice+",  "" },
		{ "+alice",          "+",  "+alice",  "" },
		{ "+a+b",            "+",  "+a",      "b" },
		{ "alice+a",         "",   "alice+a", "" },
		{ "\"a b+c\"",       "+",  "\"a b+c\"", "" },
		{ "",                "+",  "",        "" },
	};
	/* clang-format on */
	struct slice user, tag;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const bool cut = address_split_tag(
		    slice_str(rows[i].in), rows[i].delimiters, &user, &tag);

		assert_int_equal(cut, rows[i].tag[0] != '\0');
		assert_true(slice_is(user, rows[i].user));
		assert_true(slice_is(tag, rows[i].tag));
	}
}

static void
test_is_domain(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		unsigned allow;
		bool ok;
	} rows[] = {
		{ "example",              0,            true },
		{ "Mail.Example.org",     0,            true },
		{ "b\xc3\xbc" "cher.example", ADDRESS_UTF8, true },
		{ "b\xc3\xbc" "cher.example", 0,          false },
		{ "",                     ADDRESS_UTF8, false },
		{ ".example",             ADDRESS_UTF8, false },
		{ "example.",             ADDRESS_UTF8, false },
		{ "a..example",           ADDRESS_UTF8, false },
		{ "a example",            ADDRESS_UTF8, false },
		{ "[192.0.2.1]",          ADDRESS_UTF8, false },
		{ "a@b.example",          ADDRESS_UTF8, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (address_is_domain(slice_str(rows[i].in), rows[i].allow) !=
		    rows[i].ok)
			fail_msg("row %zu", i);
}

static void
test_needs_utf8(void **state)
{
	(void)state;
	assert_false(address_needs_utf8(SLICE("a@b.example")));
	assert_true(address_needs_utf8(SLICE("a@\xc3\xa9.example")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_canonical_is_stable),
		cmocka_unit_test(test_path_reads_no_further),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_tag),
		cmocka_unit_test(test_is_domain),
		cmocka_unit_test(test_needs_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
