/* SPDX-License-Identifier: ISC */
#include "table/transport.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *key, *value;
	bool ok;
} rows[] = {
	{ "a.test",     "smtp:",                      true },
	{ "a.test",     "smtp:b.test",                true },
	{ "a.test",     "smtp:b.test:587",            true },
	{ "a.test",     "smtp:[b.test]",              true },
	{ "a.test",     "smtp:[127.0.0.1]:2526",      true },
	{ "a.test",     "smtp:[::1]:2526",            true },
	{ "a.test",     "smtp:[IPv6:::1]:2526",       true },
	{ "a.test",     "lmtp:[127.0.0.1]:24",        true },
	{ "a.test",     "lmtp:unix:/run/x/lmtp",      true },
	{ "a.test",     "error:5.1.2 moved away",     true },
	{ "a.test",     "error:4.3.0",                true },
	{ "a.test",     "error:moved away",           true },
	{ "a.test",     "retry:",                     true },
	{ "a.test",     "retry:back on Monday",       true },
	{ "a.test",     "retry:4.4.1 back on Monday", true },
	{ "a.test",     "discard:",                   true },
	{ "a.test",     "discard:nobody reads it",    true },
	{ "a.test",     "hold:",                      true },
	{ "a.test",     "hold:to be looked at",       true },
	{ ".a.test",    "smtp:",                      true },
	{ "x@a.test",   "smtp:",                      true },
	{ "*",          "smtp:[relay.test]",          true },

	{ "a.test",     "smtp",                       false },
	{ "a.test",     "uucp:b",                     false },
	{ "a.test",     "SMTP:b.test",                false },
	{ "a.test",     "smtp:b.test:0",              false },
	{ "a.test",     "smtp:b.test:65536",          false },
	{ "a.test",     "smtp:b.test:",               false },
	{ "a.test",     "smtp:b.test:25x",            false },
	{ "a.test",     "smtp:[b.test",               false },
	{ "a.test",     "smtp:[]",                    false },
	{ "a.test",     "smtp:[b c]",                 false },
	{ "a.test",     "smtp::1",                    false },
	{ "a.test",     "smtp:b c",                   false },
	{ "a.test",     "smtp:unix:/x",               false },
	{ "a.test",     "lmtp:",                      false },
	{ "a.test",     "lmtp:unix:x",                false },
	{ "a.test",     "lmtp:unix:/",                false },
	{ "a.test",     "error:",                     false },
	{ "a.test",     "error:2.0.0 fine",           false },
	{ "a.test",     "error:5.1 x",                false },
	{ "a.test",     "error:5.1.1x",               false },
	{ "a.test",     "error:5.1.1 \xc3\xa9",       false },
	{ "a.test",     "error:\xc3\xa9",             false },
	{ "a.test",     "retry:5.1.1 no",             false },
	{ "a.test",     "retry:2.0.0 fine",           false },
	{ "a.test",     "discard",                    false },
	{ "a.test",     "discard:\xc3\xa9",           false },
	{ "a.test",     "hold:\x01",                  false },
	{ "",           "smtp:",                      false },
	{ ".",          "smtp:",                      false },
	{ "a.test.",    "smtp:",                      false },
	{ "..a.test",   "smtp:",                      false },
	{ "@a.test",    "smtp:",                      false },
	{ "*.a.test",   "smtp:",                      false },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((transport_check(slice_str(rows[i].key),
			 slice_str(rows[i].value), NULL) == 0) != rows[i].ok)
			fail_msg("%s %s", rows[i].key, rows[i].value);
}

static void
test_parse(void **state)
{
	struct transport t;

	(void)state;
	assert_int_equal(transport_parse(SLICE("lmtp:unix:/x/y"), &t, NULL), 0);
	assert_string_equal(transport_name(t.kind), "lmtp");
	assert_true(slice_is(t.nexthop, "unix:/x/y"));
	assert_int_equal(
	    transport_parse(SLICE("error:5.1.2  gone  away"), &t, NULL), 0);
	assert_int_equal(t.kind, TRANSPORT_ERROR);
	assert_true(slice_is(t.code, "5.1.2"));
	assert_true(slice_is(t.text, "gone  away"));
	assert_int_equal(t.nexthop.n, 0);
	assert_int_equal(transport_parse(SLICE("pipe:my-list_1"), &t, NULL), 0);
	assert_int_equal(t.kind, TRANSPORT_PIPE);
	assert_string_equal(transport_name(t.kind), "pipe");
	assert_true(slice_is(t.nexthop, "my-list_1"));
	assert_int_equal(transport_parse(SLICE("pipe:"), &t, NULL), -1);
	assert_int_equal(transport_parse(SLICE("pipe:/bin/sh"), &t, NULL), -1);
	assert_int_equal(transport_parse(SLICE("pipe:a b"), &t, NULL), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
