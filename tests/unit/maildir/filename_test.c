/* SPDX-License-Identifier: ISC */
#include "maildir/filename.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "store/message.h"

/* clang-format off */
static const struct {
	const char *name;
	const char *base;
	int64_t size, vsize;
	uint32_t uid;
	unsigned flags;
	uint32_t letters;
	bool info;
} rows[] = {
	{ "1.a.h,S=5,W=6,U=7:2,FS", "1.a.h", 5, 6, 7, MSG_FLAGGED | MSG_SEEN, 0, true },
	{ "1.a.h,S=5,W=6,U=7",      "1.a.h", 5, 6, 7, 0, 0, false },
	{ "1.a.h:2,",               "1.a.h", -1, -1, 0, 0, 0, true },
	{ "1.a.h",                  "1.a.h", -1, -1, 0, 0, 0, false },
	{ "1.a.h:2,DFPRST",         "1.a.h", -1, -1, 0, MSG_FLAGS, 0, true },
	{ "1.a.h:2,TSRPFD",         "1.a.h", -1, -1, 0, MSG_FLAGS, 0, true },
	{ "1.a.h:2,Sacz",           "1.a.h", -1, -1, 0, MSG_SEEN, 1 | 4 | 1 << 25, true },
	{ "1.a.h:1,S",              "1.a.h", -1, -1, 0, 0, 0, false },
	{ "1.a.h:2,XS!",            "1.a.h", -1, -1, 0, MSG_SEEN, 0, true },
	{ "1.a.h,S=:2,S",           "1.a.h", -1, -1, 0, MSG_SEEN, 0, true },
	{ "1.a.h,S=12x,W=-1,U=0",   "1.a.h", -1, -1, 0, 0, 0, false },
	{ "1.a.h,U=4294967296",     "1.a.h", -1, -1, 0, 0, 0, false },
	{ "1.a.h,U=4294967295",     "1.a.h", -1, -1, UINT32_MAX, 0, 0, false },
	{ "1.a.h,S=99999999999999999999", "1.a.h", -1, -1, 0, 0, 0, false },
	{ "1.a.h,Q=1,S=5",          "1.a.h", 5, -1, 0, 0, 0, false },
	{ ",S=5",                   "", 5, -1, 0, 0, 0, false },
	{ "",                       "", -1, -1, 0, 0, 0, false },
	{ ":2,S",                   "", -1, -1, 0, MSG_SEEN, 0, true },
};
/* clang-format on */

static void
test_parse(void **state)
{
	struct filename f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		filename_parse(slice_str(rows[i].name), &f);
		assert_true(slice_is(f.base, rows[i].base));
		assert_int_equal(f.size, rows[i].size);
		assert_int_equal(f.vsize, rows[i].vsize);
		assert_int_equal(f.uid, rows[i].uid);
		assert_int_equal(f.flags, rows[i].flags);
		assert_int_equal(f.letters, rows[i].letters);
		assert_int_equal(f.info, rows[i].info);
		assert_true(f.email_id != 0);
	}
}

static void
test_format(void **state)
{
	static const char *const full[] = { "1.a.h,S=5,W=6,U=7:2,DFPRSTabz",
		"1.a.h,S=5,W=6,U=7", "1.a.h,S=0,W=0,U=7:2,",
		"1.a.h,S=5,W=6,U=7,E=0123456789abcdef:2,S",
		"1.a.h,S=5,W=6,U=7,D=-62135596800:2,", "1.a.h,U=7,D=0" };
	struct filename f;
	struct buf out;

	(void)state;
	buf_init(&out, 300);
	for (size_t i = 0; i < ARRAY_LEN(full); i++) {
		buf_reset(&out);
		filename_parse(slice_str(full[i]), &f);
		filename_format(&out, &f);
		assert_string_equal(buf_cstr(&out), full[i]);
	}
	buf_fini(&out);
}

/* The id of a message does not depend on the mailbox it lies in. */
static void
test_email_id(void **state)
{
	struct filename a, b, c;

	(void)state;
	filename_parse(SLICE("1.a.h,S=5,W=6,U=7:2,"), &a);
	filename_parse(SLICE("1.a.h,S=5,W=6,U=9:2,S"), &b);
	filename_parse(SLICE("1.b.h,S=5,W=6,U=7:2,"), &c);
	assert_true(a.email_id == b.email_id);
	assert_true(a.email_id != c.email_id);
	filename_parse(SLICE("1.b.h,E=00000000000000ff:2,"), &c);
	assert_true(c.own_id && c.email_id == 255);
	filename_parse(SLICE("1.b.h,E=ff:2,"), &c);
	assert_false(c.own_id);
}

static void
test_unique(void **state)
{
	struct filename f;
	struct buf a, b;

	(void)state;
	buf_init(&a, 300);
	buf_init(&b, 300);
	filename_unique(&a, "ho/s:t,x");
	filename_unique(&b, "ho/s:t,x");
	assert_false(slice_eq(buf_slice(&a), buf_slice(&b)));
	assert_true(slice_ends(buf_slice(&a), SLICE(".ho\\057s\\072t\\054x")));
	filename_parse(buf_slice(&a), &f);
	assert_true(slice_eq(f.base, buf_slice(&a)));
	buf_fini(&a);
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_email_id),
		cmocka_unit_test(test_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
