/* SPDX-License-Identifier: ISC */
#include "table/limit.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *key, *value;
	bool ok;
} rows[] = {
	{ "a.test",      "",                                 true },
	{ "mx.a.test",   "sessions=1",                       true },
	{ ".a.test",     "sessions=10000 messages=100000",   true },
	{ "*",           "rate=1000/1h",                     true },
	{ "192.0.2.1",   "rate=1/1s interval=1ms",           true },
	{ "2001:db8::1", "rate=1000000/1d\tinterval=1d",     true },
	{ "b\xc3\xbc" "cher.test", "shared  sessions=1 ",    true },
	{ "a.test",      "retry=5m",                         true },
	{ "a.test",      "retry=1s,5m,1h,7d",                true },
	{ "a.test",      "retry=1h30m sessions=2",           true },

	{ "a.test",      "sessions",                         false },
	{ "a.test",      "sessions=",                        false },
	{ "a.test",      "sessions=0",                       false },
	{ "a.test",      "sessions=10001",                   false },
	{ "a.test",      "sessions=-1",                      false },
	{ "a.test",      "sessions=1x",                      false },
	{ "a.test",      "messages=0",                       false },
	{ "a.test",      "rate=5",                           false },
	{ "a.test",      "rate=/1h",                         false },
	{ "a.test",      "rate=0/1h",                        false },
	{ "a.test",      "rate=5/",                          false },
	{ "a.test",      "rate=5/0s",                        false },
	{ "a.test",      "rate=5/500ms",                     false },
	{ "a.test",      "rate=5/2d",                        false },
	{ "a.test",      "rate=5/1h/2",                      false },
	{ "a.test",      "interval=0",                       false },
	{ "a.test",      "interval=2d",                      false },
	{ "a.test",      "retry=",                           false },
	{ "a.test",      "retry=5m,,5m",                     false },
	{ "a.test",      "retry=5m 5m",                      false },
	{ "a.test",      "retry=8d",                         false },
	{ "a.test",      "retry=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", false },
	{ "a.test",      "shared=yes",                       false },
	{ "a.test",      "speed=1",                          false },
	{ "",            "sessions=1",                       false },
	{ ".",           "sessions=1",                       false },
	{ "a.test.",     "sessions=1",                       false },
	{ "x@a.test",    "sessions=1",                       false },
	{ "[192.0.2.1]", "sessions=1",                       false },
	{ "*.a.test",    "sessions=1",                       false },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		const int rc = limit_check(
		    slice_str(rows[i].key), slice_str(rows[i].value), &err);

		if (rc != (rows[i].ok ? 0 : -1))
			fail_msg(
			    "%s %s: %s", rows[i].key, rows[i].value, err.text);
	}
}

static void
test_parse(void **state)
{
	struct limit l;

	(void)state;
	assert_int_equal(
	    limit_parse(SLICE("sessions=5 messages=20 rate=1000/1h "
			      "interval=1500ms retry=5m,1h shared"),
		&l, NULL),
	    0);
	assert_int_equal(l.sessions, 5);
	assert_int_equal(l.messages, 20);
	assert_int_equal(l.rate, 1000);
	assert_int_equal(l.rate_ms, 3600000);
	assert_int_equal(l.interval_ms, 1500);
	assert_int_equal(l.nretry, 2);
	assert_int_equal(l.retry_ms[1], 3600000);
	assert_true(l.shared);
	assert_int_equal(limit_parse(SLICE(""), &l, NULL), 0);
	assert_int_equal(l.sessions + l.messages + l.rate, 0);
	assert_false(l.shared);
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
