/* SPDX-License-Identifier: ISC */
#include "table/group.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "table/kind.h"

/* clang-format off */
static const struct {
	const char *key, *value, *lines; /* NULL: refused */
} rows[] = {
	{ "bob@a.test", "staff",              "staff@a.test\n" },
	{ "bob@a.test", "staff,night shift",  "staff@a.test\nnight shift@a.test\n" },
	{ "bob@a.test", " , staff ,, b@c.test ,", "staff@a.test\nb@c.test\n" },
	{ "bob@a.test", "\xed\x95\x9c",       "\xed\x95\x9c@a.test\n" },
	{ "bob@a.test", "",                   NULL },
	{ "bob@a.test", " , ",                NULL },
	{ "bob@a.test", "$staff",             NULL },
	{ "bob@a.test", "staff@",             NULL },
	{ "bob@a.test", "@a.test",            NULL },
	{ "bob@a.test", "a@b@c.test",         NULL },
	{ "bob@a.test", "a\tb",               NULL },
	{ "bob",        "staff",              NULL },
	{ "@a.test",    "staff",              NULL },
	{ "",           "staff",              NULL },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice key = slice_str(rows[i].key);
		const struct slice value = slice_str(rows[i].value);
		struct buf out = { .max = GROUPS_TEXT_MAX };
		struct err err = { 0 };
		const int rc = table_kind_of("groups")->check(key, value, &err);

		if (rc != (rows[i].lines != NULL ? 0 : -1))
			fail_msg(
			    "%s %s: %s", rows[i].key, rows[i].value, err.text);
		group_put(key, value, &out);
		if (rc == 0)
			assert_string_equal(buf_cstr(&out), rows[i].lines);
		buf_fini(&out);
	}
}

/* N groups of BYTES each. */
static int
check_many(size_t n, size_t bytes)
{
	struct buf value = { .max = 1 << 20 };
	struct err err = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < bytes; k++)
			buf_addc(&value, 'g');
		buf_addc(&value, ',');
	}
	rc = group_check(SLICE("bob@a.test"), buf_slice(&value), &err);
	buf_fini(&value);
	return rc;
}

static void
test_limits(void **state)
{
	(void)state;
	assert_int_equal(check_many(GROUPS_MAX, 10), 0);
	assert_int_equal(check_many(GROUPS_MAX + 1, 10), -1);
	assert_int_equal(check_many(1, GROUP_NAME_MAX), 0);
	assert_int_equal(check_many(1, GROUP_NAME_MAX + 1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
