/* SPDX-License-Identifier: ISC */
#include "imapd/parse/parse.h"
#include "proto/seqset.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

#define NOTHING                                                                \
	{                                                                      \
		NULL, 0                                                        \
	}

static void
test_strings(void **state)
{
	/* clang-format off */
	static const struct {
		struct slice (*read)(struct parse *p);
		const char *in;
		const char *out; /* NULL: refused */
		const char *rest;
	} rows[] = {
		{ parse_atom,    "abc def",              "abc",      " def" },
		{ parse_atom,    "a]b",                  "a",        "]b" },
		{ parse_atom,    "(a",                   NULL,       "" },
		{ parse_atom,    "",                     NULL,       "" },
		{ parse_atom,    "\x80",                 NULL,       "" },
		{ parse_astring, "a]b(",                 "a]b",      "(" },
		{ parse_astring, "a%",                   "a",        "%" },
		{ parse_astring, "\"a b\" c",            "a b",      " c" },
		{ parse_astring, "\"\"",                 "",         "" },
		{ parse_astring, "\"a\\\"b\\\\\"x",      "a\"b\\",   "x" },
		{ parse_astring, "\"a\\nb\"",            NULL,       "" },
		{ parse_astring, "\"a",                  NULL,       "" },
		{ parse_astring, "\"a\\\"",              NULL,       "" },
		{ parse_astring, "\"a\\",                NULL,       "" },
		{ parse_astring, "\"a\r\nb\"",           NULL,       "" },
		{ parse_astring, "\"\xc3\xa9\"",         "\xc3\xa9", "" },
		{ parse_astring, "{3}\r\na\nb c",        "a\nb",     " c" },
		{ parse_astring, "{3+}\r\nabc",          "abc",      "" },
		{ parse_astring, "{0}\r\n",              "",         "" },
		{ parse_astring, "{3}\r\nab",            NULL,       "" },
		{ parse_astring, "{3}ab",                NULL,       "" },
		{ parse_astring, "{-1}\r\n",             NULL,       "" },
		{ parse_astring, "{99999999999999999999}\r\n", NULL, "" },
		{ parse_pattern, "a%*b c",               "a%*b",     " c" },
		{ parse_pattern, "\"%\"",                "%",        "" },
		{ parse_string,  "abc",                  NULL,       "" },
		{ parse_nstring, "nil)",                 NULL,       ")" },
		{ parse_name,    "BODY.PEEK[",           "BODY.PEEK", "[" },
	};
	/* clang-format on */
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parse p = parse_of(slice_str(rows[i].in), &arena);
		const struct slice got = rows[i].read(&p);

		if (rows[i].read == parse_nstring) {
			assert_true(parse_ok(&p) && got.p == NULL);
		} else if (rows[i].out == NULL) {
			assert_false(parse_ok(&p));
			assert_non_null(p.why);
			continue;
		} else {
			assert_true(parse_ok(&p));
			assert_true(slice_is(got, rows[i].out));
		}
		assert_true(slice_is(cur_rest(&p.c), rows[i].rest));
	}
	arena_fini(&arena);
}

/* A NUL in a literal, and many strings on a line: memory stays in proportion.
 */
static void
test_hostile_strings(void **state)
{
	struct arena arena;
	struct parse p;
	struct buf b;

	(void)state;
	arena_init(&arena);
	p = parse_of(SLICE("{3}\r\na\0b"), &arena);
	parse_astring(&p);
	assert_false(parse_ok(&p));
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_adds(&b, "\"\\\"\" ");
	p = parse_of(buf_slice(&b), &arena);
	do
		parse_astring(&p);
	while (parse_try_space(&p) && parse_peek(&p) != -1);
	assert_true(parse_end(&p));
	assert_true(arena.used_bytes <= 20000 * 16);
	buf_fini(&b);
	arena_fini(&arena);
}

static void
test_words(void **state)
{
	struct parse p = parse_of(SLICE("UID FETCH (a b)x"), NULL);

	(void)state;
	assert_false(parse_try_word(&p, "UI"));
	assert_true(parse_try_word(&p, "uid"));
	parse_space(&p);
	assert_true(parse_try_word(&p, "FETCH"));
	parse_space(&p);
	parse_open(&p);
	parse_atom(&p);
	assert_true(parse_next(&p));
	parse_atom(&p);
	assert_false(parse_next(&p));
	assert_true(parse_ok(&p));
	assert_false(parse_end(&p));
	assert_string_equal(p.why, "expected the end of the command");
	parse_number(&p, 10);
	assert_string_equal(p.why, "expected the end of the command");
}

static void
test_numbers(void **state)
{
	/* clang-format off */
	static const struct { const char *in; bool nz, ok; uint64_t n; } rows[] = {
		{ "0",          false, true,  0 },
		{ "0",          true,  false, 0 },
		{ "4294967295", true,  true,  4294967295 },
		{ "4294967296", true,  false, 0 },
		{ "x",          false, false, 0 },
		{ "",           false, false, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parse p = parse_of(slice_str(rows[i].in), NULL);
		const uint64_t n = rows[i].nz ? parse_nz_number(&p, UINT32_MAX)
					      : parse_number(&p, UINT32_MAX);

		assert_int_equal(parse_ok(&p), rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(n, rows[i].n);
	}
}

static void
test_literals(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
		uint64_t size;
		bool nonsync, binary;
		size_t at;
	} rows[] = {
		{ "a APPEND x {10}",    true,  10, false, false, 11 },
		{ "a APPEND x {10+}",   true,  10, true,  false, 11 },
		{ "a APPEND x ~{10}",   true,  10, false, true,  11 },
		{ "{0}",                true,  0, false, false, 0 },
		{ "{18446744073709551616}", true, UINT64_MAX, false, false, 0 },
		{ "{18446744073709551615+}", true, UINT64_MAX, true, false, 0 },
		{ "{10-}",              false, 0, false, false, 0 },
		{ "{}",                 false, 0, false, false, 0 },
		{ "{+}",                false, 0, false, false, 0 },
		{ "{1} ",               false, 0, false, false, 0 },
		{ "{1",                 false, 0, false, false, 0 },
		{ "\"{1}\"",            false, 0, false, false, 0 },
		{ "a NOOP",             false, 0, false, false, 0 },
		{ "",                   false, 0, false, false, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct literal l;

		assert_int_equal(
		    parse_literal(slice_str(rows[i].in), &l), rows[i].ok);
		if (!rows[i].ok)
			continue;
		assert_true(l.size == rows[i].size);
		assert_int_equal(l.nonsync, rows[i].nonsync);
		assert_int_equal(l.binary, rows[i].binary);
		assert_int_equal(l.at, rows[i].at);
	}
}

static void
test_tags(void **state)
{
	(void)state;
	assert_true(parse_is_tag(SLICE("a1")));
	assert_true(parse_is_tag(SLICE("]")));
	assert_true(parse_is_tag(SLICE(".-_A")));
	assert_false(parse_is_tag(SLICE("")));
	assert_false(parse_is_tag(SLICE("a+")));
	assert_false(parse_is_tag(SLICE("*")));
	assert_false(parse_is_tag(SLICE("a b")));
	assert_false(parse_is_tag(SLICE("\"a\"")));
	assert_false(parse_is_tag(SLICE("a\x80")));
}

/* RFC 5182: "$" alone stands for a set of UIDs. */
static void
test_saved(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		bool ok;
	} rows[] = {
		{ "$", 2, true },
		{ "1,2", 2, true },
		{ "$,1", 2, false },
		{ "1,$", 0, false },
		{ "$:4", 2, false },
	};
	struct seqrange ranges[] = { { 3, 5 }, { 9, 9 } };
	const struct seqset saved = { .v = ranges, .n = 2, .uids = true };
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct parse p = parse_of(slice_str(rows[i].text), &a);
		struct seqset set;

		p.saved = &saved;
		set = parse_seqset(&p);
		assert_int_equal(set.n, rows[i].n);
		assert_int_equal(set.uids, rows[i].text[0] == '$');
		assert_int_equal(parse_end(&p), rows[i].ok);
	}
	arena_fini(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
