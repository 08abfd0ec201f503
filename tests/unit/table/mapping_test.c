/* SPDX-License-Identifier: ISC */
#include "table/mapping.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "table/kind.h"

/* clang-format off */
static const struct {
	const char *table, *key, *value;
	bool ok;
} rows[] = {
	{ "canonical", "alice@a.test",            "Alice.Smith@a.test",  true },
	{ "canonical", "alice",                   "Alice.Smith@a.test",  true },
	{ "canonical", "@old.test",               "@new.test",           true },
	{ "canonical", "@old.test",               "info@new.test",       true },
	{ "canonical", "sender=alice",            "x@a.test",            true },
	{ "canonical", "recipient=@b.test",       "@c.test",             true },
	{ "canonical", "\"john doe\"@a.test",     "jd@a.test",           true },
	{ "canonical", "\xc3\xbc@a.test",         "u@b\xc3\xbc.test",    true },
	{ "canonical", "alice@a.test",            "",                    false },
	{ "canonical", "alice@a.test",            "alice",               false },
	{ "canonical", "alice@a.test",            "<alice@b.test>",      false },
	{ "canonical", "alice@a.test",            "a@b.test, c@d.test",  false },
	{ "canonical", "alice@a.test",            "@",                   false },
	{ "canonical", "",                        "x@a.test",            false },
	{ "canonical", "@",                       "x@a.test",            false },
	{ "canonical", "sender=",                 "x@a.test",            false },
	{ "canonical", "login=alice@a.test",      "x",                   false },
	{ "canonical", "a b@a.test",              "x@a.test",            false },

	{ "masquerade", "a.test",                 "",                    true },
	{ "masquerade", "lab.a.test",             "keep",                true },
	{ "masquerade", "root@",                  "keep",                true },
	{ "masquerade", "a.test",                 "hide",                false },
	{ "masquerade", "root@",                  "",                    false },
	{ "masquerade", "root@a.test",            "keep",                false },
	{ "masquerade", ".a.test",                "",                    false },
	{ "masquerade", "@",                      "keep",                false },
	{ "masquerade", "[192.0.2.1]",            "",                    false },

	{ "bcc", "*",                             "archive@a.test",      true },
	{ "bcc", "sender=alice@a.test",           "x@a.test, y@b.test",  true },
	{ "bcc", "sender=@a.test",                "archive",             true },
	{ "bcc", "recipient=alice@a.test",        ", x@a.test ,",        true },
	{ "bcc", "alice@a.test",                  "x@a.test",            false },
	{ "bcc", "sender=alice",                  "x@a.test",            false },
	{ "bcc", "sender=",                       "x@a.test",            false },
	{ "bcc", "**",                            "x@a.test",            false },
	{ "bcc", "*",                             "",                    false },
	{ "bcc", "*",                             " , ",                 false },
	{ "bcc", "*",                             "x@a.test y@a.test",   false },
	{ "bcc", "*",                             "x@@a.test",           false },
	{ "bcc", "*",                             "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t", true },
	{ "bcc", "*",                             "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u", false },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct table_kind *kind = table_kind_of(rows[i].table);
		struct err err = { 0 };
		const int rc = kind->check(
		    slice_str(rows[i].key), slice_str(rows[i].value), &err);

		if (rc != (rows[i].ok ? 0 : -1))
			fail_msg("%s: %s %s: %s", rows[i].table, rows[i].key,
			    rows[i].value, err.text);
	}
}

static void
test_copies(void **state)
{
	struct slice list = SLICE(" a@a.test,, b , ");

	(void)state;
	assert_true(slice_is(mapping_next_copy(&list), "a@a.test"));
	assert_true(slice_is(mapping_next_copy(&list), "b"));
	assert_int_equal(mapping_next_copy(&list).n, 0);
	assert_int_equal(list.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
