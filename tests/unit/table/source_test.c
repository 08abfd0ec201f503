/* SPDX-License-Identifier: ISC */
#include "table/source.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *key, *value;
	bool ok;
} rows[] = {
	{ "login=web@a.test", "192.0.2.1",                       true },
	{ "login=web",        "192.0.2.1",                       true },
	{ "news@a.test",      "192.0.2.1 2001:db8::1",           true },
	{ "@a.test",          " 192.0.2.1=out.a.test\t::1 ",     true },
	{ "b\xc3\xbc" "cher.test", "127.0.0.2",                  true },
	{ "mx.a.test",        "192.0.2.1=[192.0.2.1]",           true },
	{ ".a.test",          "2001:db8::1=out.a.test",          true },
	{ "192.0.2.9",        "192.0.2.1",                       true },
	{ "2001:db8::9",      "192.0.2.1",                       true },
	{ "*",                "1.1.1.1 1.1.1.2 1.1.1.3",         true },

	{ "*",                "",                                false },
	{ "*",                "out.a.test",                      false },
	{ "*",                "192.0.2.1:25",                    false },
	{ "*",                "192.0.2.0/24",                    false },
	{ "*",                "[192.0.2.1]",                     false },
	{ "*",                "192.0.2.1,192.0.2.2",             false },
	{ "*",                "192.0.2.1=",                      false },
	{ "*",                "192.0.2.1=out.a.test.",           false },
	{ "*",                "192.0.2.1=out a.test",            false },
	{ "*",                "192.0.2.1=out=a.test",            false },
	{ "*",                "192.0.2.1=b\xc3\xbc" "cher.test", false },
	{ "*",                "0.0.0.0",                         false },
	{ "*",                "::",                              false },
	{ "*",                "224.0.0.1",                       false },
	{ "*",                "ff02::1",                         false },
	{ "*",                "fe80::1",                         false },
	{ "*",                "::ffff:192.0.2.1",                false },
	{ "*",                "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
	                      "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
	                      "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1", false },
	{ "login=",           "192.0.2.1",                       false },
	{ "",                 "192.0.2.1",                       false },
	{ "@",                "192.0.2.1",                       false },
	{ "a@",               "192.0.2.1",                       false },
	{ "a.test.",          "192.0.2.1",                       false },
	{ "*.a.test",         "192.0.2.1",                       false },
	{ "[192.0.2.9]",      "192.0.2.1",                       false },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		const int rc = source_check(
		    slice_str(rows[i].key), slice_str(rows[i].value), &err);

		if ((rc == 0) != rows[i].ok)
			fail_msg("row %zu: %s", i, err.text);
		if (rc == -1)
			assert_int_equal(err.class, ERR_PERM);
	}
}

static void
test_long(void **state)
{
	struct buf value = { .max = SOURCES_TEXT_MAX + 10 };
	struct sources s;

	(void)state;
	buf_adds(&value, "192.0.2.1");
	while (value.n < SOURCES_TEXT_MAX)
		buf_addc(&value, ' ');
	assert_int_equal(source_parse(buf_slice(&value), &s, NULL), 0);
	assert_int_equal(s.n, 1);
	buf_addc(&value, ' ');
	assert_int_equal(source_parse(buf_slice(&value), &s, NULL), -1);
	buf_fini(&value);
}

/* Every address of a family has its turn, with its own name, and what is
 * chosen can be read again. */
static void
test_choose(void **state)
{
	static const char *const chosen[] = { "1.1.1.1 2001:db8::1=x.test",
		"1.1.1.2=a.test 2001:db8::2", "1.1.1.3 2001:db8::1=x.test",
		"1.1.1.1 2001:db8::2", "1.1.1.2=a.test 2001:db8::1=x.test",
		"1.1.1.3 2001:db8::2" };
	struct sources s;

	(void)state;
	assert_int_equal(
	    source_parse(SLICE("1.1.1.1 2001:db8::1=x.test 1.1.1.2=a.test "
			       "2001:db8::2 1.1.1.3"),
		&s, NULL),
	    0);
	for (size_t i = 0; i < ARRAY_LEN(chosen); i++) {
		struct buf out = { .max = SOURCE_TEXT_MAX };
		struct sources again;

		source_choose(&s, i, &out);
		assert_true(slice_is(buf_slice(&out), chosen[i]));
		assert_int_equal(
		    source_parse(buf_slice(&out), &again, NULL), 0);
		assert_int_equal(again.n, 2);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
