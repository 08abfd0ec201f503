/* SPDX-License-Identifier: ISC */
#include "imapd/park/state.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
expect_same(const struct park_state *p)
{
	struct park_state q;
	struct buf bytes;

	buf_init(&bytes, 1 << 20);
	park_state_put(p, &bytes);
	assert_true(park_state_get(buf_slice(&bytes), &q));
	assert_true(slice_eq(p->tag, q.tag));
	assert_true(slice_eq(p->address, q.address));
	assert_int_equal(p->returns, q.returns);
	assert_int_equal(p->enabled, q.enabled);
	assert_int_equal(p->commands, q.commands);
	assert_true(slice_eq(p->name, q.name));
	assert_true(slice_eq(p->id, q.id));
	assert_int_equal(p->readonly, q.readonly);
	assert_int_equal(p->keywords, q.keywords);
	assert_true(slice_eq(p->view, q.view));
	assert_true(slice_eq(p->deflate, q.deflate));
	/* Nothing less, and nothing more. */
	for (size_t n = 0; n < bytes.n; n++)
		assert_false(park_state_get(slice_of(bytes.p, n), &q));
	buf_addc(&bytes, ' ');
	assert_false(park_state_get(buf_slice(&bytes), &q));
	buf_fini(&bytes);
}

static void
test_same(void **state)
{
	(void)state;
	expect_same(&(struct park_state){
	    .tag = SLICE("a1"), .address = SLICE("192.0.2.1") });
	expect_same(&(struct park_state){ .tag = SLICE("a1"),
	    .address = SLICE("2001:db8::1"),
	    .returns = true,
	    .enabled = 63,
	    .commands = UINT64_MAX,
	    .name = SLICE("\xea\xb0\x80 1 2/x"),
	    .id = SLICE("2a3a45200655e4bbd5e613612dbbc5f2"),
	    .readonly = true,
	    .keywords = UINT64_MAX,
	    .view = SLICE("1 2 3 4 5 6 0 1 1"),
	    .deflate = SLICE("\3\0 12 \0\xff") });
}

static void
test_none(void **state)
{
	static const char *const none[] = {
		"",
		"1",
		"2 0 0 0 0 0 0 0 0 0 0 0 ",
		"1 0 0 0 0 0 0 0 2 0 0 0 ",
		"1 0 0 2 0 0 0 0 0 0 0 0 ",
		"1 0 0 0 0 0 0 0 0 0 0 0",
		"1 0 0 0 0 0 0 0 0 0 0 1 ",
		"1 0 0 0 0 0 0 0 0 0 0 0 x",
		"1 0 0 0 4294967296 0 0 0 0 0 0 0 ",
		"1 4294967295 0 0 0 0 0 0 0 0 0 0 ",
		"1 -1 0 0 0 0 0 0 0 0 0 0 ",
		"1 0 0 0 0 18446744073709551616 0 0 0 0 0 0 ",
		"1 0 0 0 0 0 0 0 0 0 0 ",
		"1 0 0 0 0 0 0 0 0 0 0 0 0 ",
	};
	struct park_state p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(park_state_get(slice_str(none[i]), &p));
	assert_true(park_state_get(SLICE("1 0 0 0 0 0 0 0 0 0 0 0 "), &p));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
