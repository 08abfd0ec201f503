/* SPDX-License-Identifier: ISC */
#include "imapd/parse/seqset_write.h"
#include "proto/seqset.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"

static void
test_sets(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		uint32_t star;
		const char *want; /* NULL: refused */
	} rows[] = {
		{ "1",             10, "1-1" },
		{ "*",             10, "10-10" },
		{ "1:3",           10, "1-3" },
		{ "3:1",           10, "1-3" },
		{ "2:*",           10, "2-10" },
		{ "*:2",           10, "2-10" },
		{ "559:*",         10, "10-559" },
		{ "*:*",           10, "10-10" },
		{ "1,3,2",         10, "1-3" },
		{ "5,1:2,4,9",     10, "1-2 4-5 9-9" },
		{ "1:5,2:3,4:9",   10, "1-9" },
		{ "4294967295,1",  10, "1-1 4294967295-4294967295" },
		{ "1:4294967295,4294967295", 10, "1-4294967295" },
		{ "0",             10, NULL },
		{ "0:1",           10, NULL },
		{ "1:0",           10, NULL },
		{ "4294967296",    10, NULL },
		{ "1,",            10, NULL },
		{ ",1",            10, NULL },
		{ "1:",            10, NULL },
		{ ":1",            10, NULL },
		{ "1:2:3",         10, NULL },
		{ "a",             10, NULL },
		{ "",              10, NULL },
		{ "-1",            10, NULL },
		{ "1;2",           10, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cur c = cur_of(slice_str(rows[i].in));
		struct arena arena;
		struct seqset set;
		struct buf got;

		arena_init(&arena);
		buf_init(&got, 1000);
		seqset_parse(&c, &arena, &set);
		if (rows[i].want == NULL) {
			assert_false(cur_end(&c));
		} else {
			assert_true(cur_end(&c));
			seqset_resolve(&set, rows[i].star);
			for (size_t k = 0; k < set.n; k++)
				buf_addf(&got, "%s%u-%u", k > 0 ? " " : "",
				    set.v[k].lo, set.v[k].hi);
			assert_string_equal(buf_cstr(&got), rows[i].want);
		}
		buf_fini(&got);
		arena_fini(&arena);
	}
}

static void
test_has(void **state)
{
	struct cur c = cur_of(SLICE("2:4,7,9:*"));
	struct arena arena;
	struct seqset set;

	(void)state;
	arena_init(&arena);
	seqset_parse(&c, &arena, &set);
	seqset_resolve(&set, 12);
	for (uint32_t n = 0; n < 15; n++)
		assert_int_equal(seqset_has(&set, n),
		    (n >= 2 && n <= 4) || n == 7 || (n >= 9 && n <= 12));
	assert_int_equal(seqset_last(&set), 12);
	arena_fini(&arena);
}

/* 64 KiB of text: memory in proportion, in any order. */
static void
test_large(void **state)
{
	struct arena arena;
	struct seqset set;
	struct buf in;
	struct cur c;

	(void)state;
	arena_init(&arena);
	buf_init(&in, 1 << 20);
	for (unsigned i = 10000; i > 0; i--)
		buf_addf(&in, "%u%s", i * 2, i > 1 ? "," : "");
	c = cur_of(buf_slice(&in));
	seqset_parse(&c, &arena, &set);
	assert_true(cur_end(&c));
	seqset_resolve(&set, 1);
	assert_int_equal(set.n, 10000);
	assert_true(seqset_has(&set, 10000));
	assert_false(seqset_has(&set, 9999));
	assert_true(arena.used_bytes < 100000);
	buf_fini(&in);
	arena_fini(&arena);
}

static void
test_writer(void **state)
{
	static const uint32_t in[] = { 1, 2, 3, 5, 7, 6, 8, 9 };
	struct seqset_writer w = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	seqset_finish(&w, &out);
	assert_int_equal(out.n, 0);
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		seqset_put(&w, in[i], &out);
	seqset_finish(&w, &out);
	assert_string_equal(buf_cstr(&out), "1:3,5,7,6,8:9");
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
