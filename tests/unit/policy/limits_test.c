/* SPDX-License-Identifier: ISC */
#include "policy/limits.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/conf.h"

/* clang-format off */
static const struct {
	const char *word;
	bool ok;
} rows[] = {
	{ "client:messages=1/1s",                    true },
	{ "net:recipients=1000000/7d",               true },
	{ "sender:messages=10/1h/refuse",            true },
	{ "sender_domain:failures=10/1h30m/defer",   true },
	{ "recipient:recipients=10/60",              true },
	{ "recipient_domain:recipients=10/1h",       true },

	{ "",                                        false },
	{ "client",                                  false },
	{ "client:messages",                         false },
	{ "client:messages=",                        false },
	{ "client:messages=10",                      false },
	{ "client:messages=0/1h",                    false },
	{ "client:messages=-1/1h",                   false },
	{ "client:messages=1000001/1h",              false },
	{ "client:messages=10/",                     false },
	{ "client:messages=10/500ms",                false },
	{ "client:messages=10/8d",                   false },
	{ "client:messages=10/1h/",                  true }, /* as without */
	{ "client:messages=10/1h/drop",              false },
	{ "client:messages=10/1h/refuse/x",          false },
	{ "login:messages=10/1h",                    true },
	{ "login:recipients=500/1d/hold",            true },
	{ "login:failures=5/1h",                     true },
	{ "client:sessions=10/1m",                   true },
	{ "net:sessions=10/1m/refuse",               true },
	{ "sender:bytes=1500M/1d",                   true },
	{ "login:bytes=2G/1d/hold",                  true },
	{ "client:bytes=10/1h",                      true },
	{ "client:bytes=/1h",                        false },
	{ "client:bytes=0/1h",                       false },
	{ "client:bytes=1X/1h",                      false },
	{ "client:messages=10K/1h",                  false },
	{ "login:sessions=10/1m",                    false },
	{ "sender:sessions=10/1m",                   false },
	{ "recipient:bytes=10M/1h",                  false },
	{ "client:sessions=10/1m/hold",              false },
	{ "client:failures=10/1m/hold",              false },
	{ "recipient:messages=10/1h",                false },
	{ "recipient:failures=10/1h",                false },
	{ "Client:messages=10/1h",                   false },
	{ "login:networks=20/1h/warn",               true },
	{ "login:networks=20/1h/hold",               true },
	{ "login:networks=20/1h",                    true },
	{ "client:networks=20/1h",                   false },
	{ "login:countries=3/1d/warn",               true },
	{ "login:countries=3/1d/hold",               true },
	{ "client:countries=3/1d",                   false },
	{ "login:country=3/1d",                      false },
	{ "net:networks=20/1h/warn",                 false },
	{ "client:messages=10/1h/warn",              true },
	{ "client:sessions=10/1m/warn",              true },
};
/* clang-format on */

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_limit l;
		struct err err = { .text = "" };

		if ((policy_limit_parse(slice_str(rows[i].word), &l, &err) ==
			0) != rows[i].ok)
			fail_msg("%s: %s", rows[i].word, err.text);
		assert_true(rows[i].ok || err.text[0] != '\0');
	}
}

/* They outlive the configuration that says them: it is taken back where
 * something behind them in it is refused. */
static void
test_words(void **state)
{
	char word[] = "client:messages=1/1h";
	const char *words[] = { word };
	const struct policy_conf conf = { .rate_limits = { words, 1, NULL } };
	const struct policy_limit *l;
	size_t n;

	(void)state;
	policy_conf = &conf;
	assert_int_equal(policy_limits_configure(NULL), 0);
	memset(word, 'x', sizeof word - 1);
	l = policy_limits(&n);
	assert_int_equal(n, 1);
	assert_true(slice_is(l[0].word, "client:messages=1/1h"));
	policy_conf = NULL;
}

/* COUNT at once, then one each TIME/COUNT, and all again after TIME. */
static void
test_rate(void **state)
{
	const struct slice a = SLICE("\0\0a"), b = SLICE("\0\0b");
	struct policy_limit l;
	int64_t now_ms = 1000000;

	(void)state;
	assert_int_equal(
	    policy_limit_parse(SLICE("client:messages=10/10s"), &l, NULL), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 10; i++) {
			assert_true(policy_limit_has_room(&l, a, 1, now_ms));
			policy_limit_count(&l, a, 1, now_ms);
		}
		assert_false(policy_limit_has_room(&l, a, 1, now_ms));
		assert_false(policy_limit_has_room(&l, a, 1, now_ms + 999));
		assert_true(policy_limit_has_room(&l, b, 1, now_ms));
		assert_true(policy_limit_has_room(&l, a, 1, now_ms + 1000));
		now_ms += 10000;
	}
	/* who goes on beyond it is not kept out for longer */
	for (int i = 0; i < 1000; i++)
		policy_limit_count(&l, a, 1, now_ms);
	assert_true(policy_limit_has_room(&l, a, 1, now_ms + 1000));
}

/* By amounts; what is more than all of it is let pass alone. */
static void
test_bytes(void **state)
{
	const struct slice a = SLICE("bytes");
	struct policy_limit l;
	int64_t now_ms = 1000000;

	(void)state;
	assert_int_equal(
	    policy_limit_parse(SLICE("sender:bytes=1G/1d"), &l, NULL), 0);
	assert_true(policy_limit_has_room(&l, a, 4LL << 30, now_ms));
	policy_limit_count(&l, a, 4LL << 30, now_ms);
	assert_false(policy_limit_has_room(&l, a, 1 << 20, now_ms));
	now_ms += 86400 * 1000;
	for (int i = 0; i < 1024; i++) {
		assert_true(policy_limit_has_room(&l, a, 1 << 20, now_ms));
		policy_limit_count(&l, a, 1 << 20, now_ms);
	}
	assert_false(policy_limit_has_room(&l, a, 1 << 20, now_ms));
	assert_false(policy_limit_has_room(&l, a, 2 << 20, now_ms + 84400));
	assert_true(policy_limit_has_room(&l, a, 1 << 20, now_ms + 84400));
	/* a price that no number holds */
	assert_int_equal(
	    policy_limit_parse(SLICE("sender:bytes=1/7d"), &l, NULL), 0);
	policy_limit_count(&l, a, 1LL << 60, now_ms);
	assert_false(policy_limit_has_room(&l, a, 1, now_ms));
	assert_false(policy_limit_has_room(&l, a, 1LL << 60, now_ms));
}

/* The narrowest limit and the largest message. */
static void
test_extremes(void **state)
{
	const struct slice a = SLICE("extremes");
	const int64_t size = INT64_MAX, now_ms = 1000000;
	struct policy_limit l;

	(void)state;
	assert_int_equal(
	    policy_limit_parse(SLICE("sender:bytes=1/7d"), &l, NULL), 0);
	policy_limit_count(&l, a, size, now_ms);
	assert_false(policy_limit_has_room(&l, a, 1, now_ms));
	assert_false(policy_limit_has_room(&l, a, size, now_ms + 1000));
	assert_false(
	    policy_limit_has_room(&l, a, size, now_ms + l.time_ms - 1));
	assert_true(policy_limit_has_room(&l, a, size, now_ms + l.time_ms));
}

/* In whatever order things come, no window of TIME lets more than twice COUNT
 * pass. */
static void
test_law(void **state)
{
	enum { STEPS = 20000, COUNT = 7, TIME_MS = 5000 };
	static int64_t passed[STEPS];
	struct policy_limit l;
	uint32_t seed = 12345;
	int64_t now_ms = 0;
	size_t n = 0;

	(void)state;
	assert_int_equal(
	    policy_limit_parse(SLICE("sender:messages=7/5s"), &l, NULL), 0);
	for (int i = 0; i < STEPS; i++) {
		seed = seed * 1664525 + 1013904223;
		now_ms +=
		    seed >> 24 < 200 ? seed >> 16 & 63 : seed >> 12 & 4095;
		if (!policy_limit_has_room(&l, SLICE("law"), 1, now_ms))
			continue;
		policy_limit_count(&l, SLICE("law"), 1, now_ms);
		passed[n++] = now_ms;
	}
	assert_true(n > 2 * COUNT);
	for (size_t i = 0; i + 2 * COUNT < n; i++)
		assert_true(passed[i + 2 * COUNT] - passed[i] >= TIME_MS);
}

/* More values than there is room for: nobody is refused for others. */
static void
test_many(void **state)
{
	struct policy_limit l;
	char value[32];

	(void)state;
	assert_int_equal(
	    policy_limit_parse(SLICE("client:messages=1/1h"), &l, NULL), 0);
	for (int i = 0; i < 400000; i++) {
		snprintf(value, sizeof value, "v%d", i);
		assert_true(policy_limit_has_room(&l, slice_str(value), 1, i));
		policy_limit_count(&l, slice_str(value), 1, i);
	}
	assert_false(policy_limit_has_room(&l, slice_str(value), 1, 400000));
}

/* What was used of it, and forgotten; what was seen counts for nothing. */
static void
test_seen(void **state)
{
	const struct slice a = SLICE("alice"), net = SLICE("\0\0net");
	struct policy_limit l;
	const int64_t now_ms = 1000000;

	(void)state;
	assert_int_equal(
	    policy_limit_parse(SLICE("login:networks=4/10s/warn"), &l, NULL),
	    0);
	assert_int_equal(l.action, POLICY_ACCEPT);
	assert_false(policy_limit_seen(&l, a, net, now_ms));
	policy_limit_see(&l, a, net, now_ms);
	assert_true(policy_limit_seen(&l, a, net, now_ms + 9999));
	assert_false(policy_limit_seen(&l, a, net, now_ms + 10000));
	assert_false(policy_limit_seen(&l, SLICE("bob"), net, now_ms));
	assert_int_equal(policy_limit_used(&l, a, now_ms), 0);
	for (int i = 1; i <= 4; i++) {
		policy_limit_count(&l, a, 1, now_ms);
		assert_int_equal(policy_limit_used(&l, a, now_ms), i);
	}
	assert_false(policy_limit_has_room(&l, a, 1, now_ms));
	policy_limit_count(&l, a, 1, now_ms);
	assert_int_equal(policy_limit_used(&l, a, now_ms), 5);
	policy_limit_forget(&l, a);
	assert_true(policy_limit_has_room(&l, a, 4, now_ms));
	assert_int_equal(policy_limit_used(&l, a, now_ms), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_law),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
