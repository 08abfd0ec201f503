/* SPDX-License-Identifier: ISC */
#include "maildir/uidset.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
assert_set(const struct uidset *s, const char *want)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	uidset_put(s, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct {
		const char *steps[4];
		const char *want; /* NULL: the last is refused */
	} rows[] = {
		{ { "+1" }, "1" },
		{ { "+1:3,5" }, "1:3,5" },
		{ { "+1:3,5", "+4" }, "1:5" },
		{ { "+5", "+1:3", "+10" }, "1:3,5,10" },
		{ { "+5,1,3", "+2:4" }, "1:5" },
		{ { "+1:10", "-5" }, "1:4,6:10" },
		{ { "+1:10", "-1:10" }, "" },
		{ { "+1:10,20:30", "-5:25" }, "1:4,26:30" },
		{ { "+1:10", "-11" }, "1:10" },
		{ { "-3" }, "" },
		{ { "+4294967295", "+4294967294" }, "4294967294:4294967295" },
		{ { "+1", "+4294967295", "-1" }, "4294967295" },
		{ { "+1:4294967295", "-7" }, "1:6,8:4294967295" },
		{ { "+0" }, NULL },
		{ { "+3:1" }, NULL },
		{ { "+" }, NULL },
		{ { "+1," }, NULL },
		{ { "+1 " }, NULL },
		{ { "+x" }, NULL },
		{ { "+4294967296" }, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct uidset s = { .n = 0 };
		bool ok = true;

		for (size_t k = 0; k < 4 && rows[i].steps[k] != NULL; k++)
			ok = uidset_apply(&s, rows[i].steps[k][0],
			    slice_str(rows[i].steps[k] + 1));
		assert_int_equal(ok, rows[i].want != NULL);
		if (ok)
			assert_set(&s, rows[i].want);
		uidset_fini(&s);
	}
}

/* A law: it is what a table of bits would be. */
static void
test_law(void **state)
{
	enum { MAX = 200, STEPS = 20000 };
	bool model[MAX + 1] = { false };
	struct uidset s = { .n = 0 };
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		uint32_t lo, hi;
		bool on;

		seed = seed * 1103515245 + 12345;
		lo = seed / 65536 % MAX + 1;
		hi = lo + seed / 7 % 5;
		hi = hi > MAX ? MAX : hi;
		on = (seed & 0x40000) != 0;
		assert_true(
		    on ? uidset_add(&s, lo, hi) : uidset_del(&s, lo, hi));
		for (uint32_t uid = lo; uid <= hi; uid++)
			model[uid] = on;
		for (uint32_t uid = 1; uid <= MAX; uid++)
			assert_int_equal(uidset_has(&s, uid), model[uid]);
		for (size_t k = 1; k < s.n; k++)
			assert_true(s.v[k - 1].hi + 1 < s.v[k].lo);
	}
	uidset_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
