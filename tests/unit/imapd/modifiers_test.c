/* SPDX-License-Identifier: ISC */
#include "imapd/parse/modifiers.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/parse.h"
#include "proto/seqset.h"

static void
put_set(struct buf *out, const char *name, const struct seqset *set)
{
	buf_addf(out, " %s", name);
	for (size_t i = 0; i < set->n; i++)
		buf_addf(out, "%s%u-%u", i > 0 ? "," : "=", set->v[i].lo,
		    set->v[i].hi);
}

static void
describe_fetch(struct parse *p, struct buf *out)
{
	struct fetch_modifiers m;

	modifiers_parse_fetch(p, &m);
	buf_addf(out, "%llu%s", (unsigned long long)m.changed_since,
	    m.vanished ? " vanished" : "");
}

static void
describe_store(struct parse *p, struct buf *out)
{
	struct store_modifiers m;

	modifiers_parse_store(p, &m);
	buf_addf(out, "%s%llu", m.conditional ? "" : "-",
	    (unsigned long long)m.unchanged_since);
	parse_end(p);
}

static void
describe_select(struct parse *p, struct buf *out)
{
	struct select_params m;

	modifiers_parse_select(p, &m);
	if (m.condstore)
		buf_adds(out, "condstore ");
	if (m.qresync)
		buf_addf(out, "%u %llu", m.uidvalidity,
		    (unsigned long long)m.modseq);
	if (m.has_known)
		put_set(out, "known", &m.known);
	if (m.has_match) {
		put_set(out, "seqs", &m.seqs);
		put_set(out, "uids", &m.uids);
	}
}

struct row {
	const char *in;
	const char *want; /* NULL: refused */
};

static void
check(void (*describe)(struct parse *, struct buf *), const struct row *rows,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena arena;
		struct parse p;
		struct buf out;

		arena_init(&arena);
		buf_init(&out, 1000);
		p = parse_of(slice_str(rows[i].in), &arena);
		describe(&p, &out);
		if (parse_ok(&p) != (rows[i].want != NULL))
			fail_msg("%s: %s", rows[i].in, buf_cstr(&out));
		if (rows[i].want != NULL)
			assert_string_equal(buf_cstr(&out), rows[i].want);
		else
			assert_non_null(p.why);
		buf_fini(&out);
		arena_fini(&arena);
	}
}

static void
test_fetch(void **state)
{
	static const struct row rows[] = {
		{ "", "0" },
		{ " (CHANGEDSINCE 5)", "5" },
		{ " (changedsince 5 vanished)", "5 vanished" },
		{ " (VANISHED CHANGEDSINCE 9223372036854775807)",
		    "9223372036854775807 vanished" },
		{ " (VANISHED)", NULL },
		{ " (CHANGEDSINCE 0)", "1" },
		{ " (CHANGEDSINCE 0 CHANGEDSINCE 0)", NULL },
		{ " (CHANGEDSINCE 9223372036854775808)", NULL },
		{ " (CHANGEDSINCE 5 CHANGEDSINCE 6)", NULL },
		{ " (CHANGEDSINCE 5 VANISHED VANISHED)", NULL },
		{ " (CHANGEDSINCE 5 )", NULL },
		{ " (CHANGEDSINCE 5) ", NULL },
		{ " (CHANGEDSINCE)", NULL },
		{ " ()", NULL },
		{ " CHANGEDSINCE 5", NULL },
		{ "(CHANGEDSINCE 5)", NULL },
		{ " (CHANGEDSINCEX 5)", NULL },
	};

	(void)state;
	check(describe_fetch, rows, ARRAY_LEN(rows));
}

static void
test_store(void **state)
{
	static const struct row rows[] = {
		{ "", "-18446744073709551615" },
		{ "(UNCHANGEDSINCE 0) ", "0" },
		{ "(unchangedsince 7) ", "7" },
		{ "(UNCHANGEDSINCE 7)", NULL },
		{ "(UNCHANGEDSINCE 7 UNCHANGEDSINCE 8) ", NULL },
		{ "(UNCHANGEDSINCE) ", NULL },
		{ "(UNCHANGEDSINCE x) ", NULL },
		{ "(UNCHANGEDSINCE 9223372036854775808) ", NULL },
		{ "() ", NULL },
		{ "(CHANGEDSINCE 1) ", NULL },
	};

	(void)state;
	check(describe_store, rows, ARRAY_LEN(rows));
}

static void
test_select(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ " (CONDSTORE)", "condstore " },
		{ " (CONDSTORE condstore)", "condstore " },
		{ " (QRESYNC (1 2))", "1 2" },
		{ " (QRESYNC (1 2) CONDSTORE)", "condstore 1 2" },
		{ " (QRESYNC (1 2 3:5,9))", "1 2 known=3-5,9-9" },
		{ " (QRESYNC (1 2 9,3:5))", "1 2 known=9-9,3-5" },
		{ " (QRESYNC (1 2 (1,3 4:5)))", "1 2 seqs=1-1,3-3 uids=4-5" },
		{ " (QRESYNC (1 2 7 (1 4)))",
		    "1 2 known=7-7 seqs=1-1 uids=4-4" },
		{ " (QRESYNC (1 2 1 (1:4294967295 1:4294967295)))",
		    "1 2 known=1-1 seqs=1-4294967295 uids=1-4294967295" },
		{ " (QRESYNC (0 2))", NULL },
		{ " (QRESYNC (1 0))", NULL },
		{ " (QRESYNC (4294967296 2))", NULL },
		{ " (QRESYNC (1 9223372036854775808))", NULL },
		{ " (QRESYNC (1))", NULL },
		{ " (QRESYNC 1 2)", NULL },
		{ " (QRESYNC (1 2 ))", NULL },
		{ " (QRESYNC (1 2 *))", NULL },
		{ " (QRESYNC (1 2 1:*))", NULL },
		{ " (QRESYNC (1 2 1 2))", NULL },
		{ " (QRESYNC (1 2 (1 *)))", NULL },
		{ " (QRESYNC (1 2 (1:2 1)))", NULL },
		{ " (QRESYNC (1 2 (2,1 3:4)))", NULL },
		{ " (QRESYNC (1 2 (1,1 3:4)))", NULL },
		{ " (QRESYNC (1 2 (3:2 3:4)))", NULL },
		{ " (QRESYNC (1 2 (1 1) 3))", NULL },
		{ " (QRESYNC (1 2 3 (1 1) (1 1)))", NULL },
		{ " (QRESYNC (1 2) QRESYNC (1 2))", NULL },
		{ " (QRESYNC (1 2)", NULL },
		{ " ()", NULL },
		{ " CONDSTORE", NULL },
		{ " (CONDSTORE) ", NULL },
	};

	(void)state;
	check(describe_select, rows, ARRAY_LEN(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fetch),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_select),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
