/* SPDX-License-Identifier: ISC */
/* The grammar of GETMETADATA and SETMETADATA (RFC 5464 3.2, 5). */
#include "imapd/metadata/query.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conf.h"
#include "imapd/parse/parse.h"

static void
test_entries(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "/private/comment", true },
		{ "/SHARED/Vendor/x y", true },
		{ "/private", false },
		{ "/private/", false },
		{ "/private//a", false },
		{ "/private/a/", false },
		{ "/shared/a*", false },
		{ "/shared/%", false },
		{ "/shared/\xc3\xa9", false },
		{ "/shared/a\x01", false },
		{ "/other/a", false },
		{ "shared/a", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (query_is_entry(slice_str(rows[i].name)) != rows[i].ok)
			fail_msg("%s", rows[i].name);
}

static void
test_depth(void **state)
{
	static const struct {
		const char *entry, *name;
		bool at[3]; /* QUERY_SELF, _CHILDREN, _ALL */
	} rows[] = {
		{ "/shared/a", "/Shared/A", { true, true, true } },
		{ "/shared/a", "/shared/a/b", { false, true, true } },
		{ "/shared/a", "/shared/a/b/c", { false, false, true } },
		{ "/shared/a", "/shared/ab", { false, false, false } },
		{ "/shared", "/shared/a", { false, true, true } },
		{ "/shared", "/private/a", { false, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (enum query_depth d = QUERY_SELF; d <= QUERY_ALL; d++)
			if (query_matches(slice_str(rows[i].entry), d,
				slice_str(rows[i].name)) != rows[i].at[d])
				fail_msg("row %zu, depth %d", i, (int)d);
}

static void
test_get(void **state)
{
	static const struct {
		const char *text;
		size_t n; /* 0: refused */
		enum query_depth depth;
		uint64_t max;
		bool server;
	} rows[] = {
		{ "\"\" /shared/comment", 1, QUERY_SELF, UINT64_MAX, true },
		{ "INBOX (/shared/a /private/b)", 2, QUERY_SELF, UINT64_MAX,
		    false },
		{ "(MAXSIZE 1024) INBOX /shared/a", 1, QUERY_SELF, 1024,
		    false },
		{ "INBOX (DEPTH 1) (/shared/a)", 1, QUERY_CHILDREN, UINT64_MAX,
		    false },
		{ "(DEPTH infinity MAXSIZE 0) {0}\r\n /private", 1, QUERY_ALL,
		    0, true },
		{ "(DEPTH 2) INBOX /shared/a", 0, QUERY_SELF, 0, false },
		{ "(DEPTH) INBOX /shared/a", 0, QUERY_SELF, 0, false },
		{ "(SIZE 1) INBOX /shared/a", 0, QUERY_SELF, 0, false },
		{ "INBOX ()", 0, QUERY_SELF, 0, false },
		{ "INBOX /other/a", 0, QUERY_SELF, 0, false },
		{ "INBOX /shared/a /shared/b", 0, QUERY_SELF, 0, false },
		{ "INBOX", 0, QUERY_SELF, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct metadata_query q;
		struct arena arena;
		struct slice name;
		struct parse p;
		bool server;

		arena_init(&arena);
		p = parse_of(slice_str(rows[i].text), &arena);
		server = query_parse_get(&p, &q, &name);
		if (parse_end(&p) != (rows[i].n > 0))
			fail_msg("%s: %s", rows[i].text,
			    p.why != NULL ? p.why : "taken");
		if (rows[i].n > 0) {
			assert_int_equal(q.n, rows[i].n);
			assert_int_equal(q.depth, rows[i].depth);
			assert_true(q.max_bytes == rows[i].max);
			assert_int_equal(server, rows[i].server);
		}
		arena_fini(&arena);
	}
}

static void
test_values(void **state)
{
	static const struct {
		struct slice text;
		size_t n; /* 0: refused */
		struct slice last;
	} rows[] = {
		{ SLICE("(/private/a \"b\")"), 1, SLICE("b") },
		{ SLICE("(/private/a NIL)"), 1, { NULL, 0 } },
		{ SLICE("(/private/a \"\")"), 1, SLICE("") },
		{ SLICE("(/private/a NIL /shared/b {3}\r\nx\r\n)"), 2,
		    SLICE("x\r\n") },
		{ SLICE("(/private/a ~{3+}\r\nx\0y)"), 1, SLICE("x\0y") },
		{ SLICE("(/private/a {3}\r\nx\0y)"), 0, { NULL, 0 } },
		{ SLICE("(/private/a ~{9}\r\nx)"), 0, { NULL, 0 } },
		{ SLICE("(/private/a atom)"), 0, { NULL, 0 } },
		{ SLICE("(/private \"b\")"), 0, { NULL, 0 } },
		{ SLICE("(/private/a)"), 0, { NULL, 0 } },
		{ SLICE("()"), 0, { NULL, 0 } },
		{ SLICE("/private/a \"b\""), 0, { NULL, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct query_value values[QUERY_ENTRIES_MAX];
		struct arena arena;
		struct parse p;
		size_t n;

		arena_init(&arena);
		p = parse_of(rows[i].text, &arena);
		n = query_parse_values(&p, values);
		if (parse_end(&p) != (rows[i].n > 0))
			fail_msg("row %zu", i);
		if (rows[i].n > 0) {
			const struct slice value = values[n - 1].value;

			assert_int_equal(n, rows[i].n);
			assert_true(slice_eq(value, rows[i].last));
			assert_int_equal(
			    value.p == NULL, rows[i].last.p == NULL);
		}
		arena_fini(&arena);
	}
}

static void
test_too_many(void **state)
{
	struct query_value values[QUERY_ENTRIES_MAX];
	struct metadata_query q;
	struct arena arena;
	struct parse p;
	struct buf text;

	(void)state;
	arena_init(&arena);
	buf_init(&text, 1 << 20);
	buf_addc(&text, '(');
	for (int i = 0; i <= QUERY_ENTRIES_MAX; i++)
		buf_addf(&text, "/shared/%d ", i);
	p = parse_of(buf_slice(&text), &arena);
	query_parse(&p, &q);
	assert_false(parse_ok(&p));
	buf_reset(&text);
	buf_addc(&text, '(');
	for (int i = 0; i <= QUERY_ENTRIES_MAX; i++)
		buf_addf(&text, "/shared/%d NIL ", i);
	p = parse_of(buf_slice(&text), &arena);
	assert_int_equal(query_parse_values(&p, values), QUERY_ENTRIES_MAX);
	assert_false(parse_ok(&p));
	buf_fini(&text);
	arena_fini(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_too_many),
	};
	static struct imapd_conf conf;

	imapd_conf = &conf;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
