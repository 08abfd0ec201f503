/* SPDX-License-Identifier: ISC */
#include "table/access.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *key, *value;
	bool ok;
} rows[] = {
	{ "client=192.0.2.1",          "accept",                    true },
	{ "client=192.0.2.0/24",       "refuse",                    true },
	{ "client=0.0.0.0/0",          "warn",                      true },
	{ "client=[2001:db8::1]",      "ACCEPT",                    true },
	{ "client=[2001:db8::]/32",    "defer come back later",     true },
	{ "name=mail.a.test",          "refuse 5.7.1 no",           true },
	{ "name=.a.test",              "defer 4.7.100 not now",     true },
	{ "name=xn--bcher-kva.test",   "accept",                    true },
	{ "helo=a.test",               "refuse  two  blanks ",      true },
	{ "helo=localhost",            "refuse",                    true },
	{ "helo=[192.0.2.1]",          "accept",                    true },
	{ "helo=[ipv6:2001:db8::1]",   "accept",                    true },
	{ "sender=a@a.test",           "accept",                    true },
	{ "sender=\"a b\"@a.test",     "accept",                    true },
	{ "sender=@a.test",            "warn",                      true },
	{ "sender=@.a.test",           "warn because of x",         true },
	{ "sender=<>",                 "accept",                    true },
	{ "recipient=postmaster@",     "accept",                    true },
	{ "login=a@a.test",            "defer",                     true },
	{ "mechanism=scram-sha-256",   "warn",                      true },
	{ "tls=none",                  "refuse 5.7.10 TLS, please", true },
	{ "tls=tlsv1.2",               "warn",                      true },
	{ "sender=a@a.test",           "refuse 5.7 no code",        true },
	{ "sender=a@a.test",           "refuse 5.1234.1 nor this",  true },

	{ "client=192.0.2.1/24",       "accept",                    false },
	{ "client=192.0.2.1/32",       "accept",                    false },
	{ "client=2001:db8::1",        "accept",                    false },
	{ "client=[2001:DB8:0::1]",    "accept",                    false },
	{ "client=a.test",             "accept",                    false },
	{ "client=",                   "accept",                    false },
	{ "name=",                     "accept",                    false },
	{ "name=.",                    "accept",                    false },
	{ "name=a.test.",              "accept",                    false },
	{ "name=*.a.test",             "accept",                    false },
	{ "name=b\xc3\xbc" "cher.test", "accept",                   false },
	{ "helo=[1.2.3]",              "accept",                    false },
	{ "sender=",                   "accept",                    false },
	{ "sender=@",                  "accept",                    false },
	{ "sender=a.test",             "accept",                    false },
	{ "sender=a@.a.test",          "accept",                    false },
	{ "sender=a b@a.test",         "accept",                    false },
	{ "sender=a@b@a.test",         "accept",                    false },
	{ "mechanism=a b",             "accept",                    false },
	{ "tls=",                      "accept",                    false },
	{ "city=de",                   "accept",                    false },
	{ "192.0.2.1",                 "accept",                    false },
	{ "",                          "accept",                    false },
	{ "country=kr",                "warn",                      true },
	{ "country=kor",               "warn",                      false },
	{ "country=k1",                "warn",                      false },
	{ "sender=a@a.test",           "hold look at it",           true },
	{ "client=192.0.2.1",          "Quarantine",                true },
	{ "recipient=a@",              "discard",                   true },
	{ "sender=a@a.test",           "hold 4.7.1 no reply",       false },
	{ "sender=a@a.test",           "discard 5.7.1 no reply",    false },
	{ "sender=a@a.test",           "",                          false },
	{ "sender=a@a.test",           "reject",                    false },
	{ "sender=a@a.test",           "refuse\tno",                false },
	{ "sender=a@a.test",           "refuse n\xc3\xb6",          false },
	{ "sender=a@a.test",           "refuse 4.7.1 wrong class",  false },
	{ "sender=a@a.test",           "defer 5.7.1 wrong class",   false },
	{ "sender=a@a.test",           "accept 5.7.1 no reply",     false },
};

static const struct {
	enum access_fact fact;
	const char *value;
	const char *keys; /* separated by blanks */
} walks[] = {
	{ ACCESS_NAME, "Mail.A.test",
	    "name=mail.a.test name=.a.test name=.test" },
	{ ACCESS_NAME, "test", "name=test" },
	{ ACCESS_NAME, "b\xc3\xbc" "cher.test",
	    "name=xn--bcher-kva.test name=.test" },
	{ ACCESS_HELO, "[192.0.2.1]", "helo=[192.0.2.1]" },
	{ ACCESS_SENDER, "a@b.test",
	    "sender=a@b.test sender=a@ sender=@b.test sender=@.test" },
	{ ACCESS_SENDER, "a@[192.0.2.1]",
	    "sender=a@[192.0.2.1] sender=a@ sender=@[192.0.2.1]" },
	{ ACCESS_SENDER, "", "sender=<>" },
	{ ACCESS_RECIPIENT, "postmaster",
	    "recipient=postmaster recipient=postmaster@" },
	{ ACCESS_LOGIN, "a@b.test",
	    "login=a@b.test login=a@ login=@b.test login=@.test" },
	{ ACCESS_MECHANISM, "SCRAM-SHA-256", "mechanism=scram-sha-256" },
	{ ACCESS_TLS, "TLSv1.3", "tls=tlsv1.3" },
	{ ACCESS_COUNTRY, "KR", "country=kr" },
	{ ACCESS_CLIENT, "local:1000", "" },
	{ ACCESS_HELO, "a\nb", "" },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { .text = "" };
		const int rc = access_check(
		    slice_str(rows[i].key), slice_str(rows[i].value), &err);

		if ((rc == 0) != rows[i].ok)
			fail_msg("%s %s: %s", rows[i].key, rows[i].value,
			    rc == 0 ? "accepted" : err.text);
		assert_true(rc == 0 || err.text[0] != '\0');
	}
}

static void
test_value(void **state)
{
	struct access_entry e;

	(void)state;
	assert_int_equal(
	    access_parse(SLICE("refuse 5.7.1 go away "), &e, NULL), 0);
	assert_int_equal(e.action, ACCESS_REFUSE);
	assert_string_equal(e.enhanced, "5.7.1");
	assert_true(slice_is(e.text, "go away"));
	assert_int_equal(access_parse(SLICE("Warn 12 of them"), &e, NULL), 0);
	assert_int_equal(e.action, ACCESS_WARN);
	assert_string_equal(e.enhanced, "");
	assert_true(slice_is(e.text, "12 of them"));
}

static void
test_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		struct buf all = { .max = 4096 },
			   key = { .max = ACCESS_KEY_MAX };
		struct access_walk w;

		access_walk_init(&w, walks[i].fact, slice_str(walks[i].value));
		while (access_walk_next(&w, &key)) {
			if (all.n > 0)
				buf_addc(&all, ' ');
			buf_add(&all, buf_slice(&key));
		}
		assert_string_equal(buf_cstr(&all), walks[i].keys);
		buf_fini(&all);
		buf_fini(&key);
	}
}

/* Every network that a client is in has a key which the check lets through, and
 * they come from narrow to wide. */
static void
walk_client(const char *ip, unsigned count, const char *first,
    const char *middle, const char *last)
{
	struct buf key = { .max = ACCESS_KEY_MAX };
	struct access_walk w;
	unsigned n = 0;
	bool seen = false;

	access_walk_init(&w, ACCESS_CLIENT, slice_str(ip));
	while (access_walk_next(&w, &key)) {
		struct err err;

		if (access_check(buf_slice(&key), SLICE("accept"), &err) == -1)
			fail_msg("%s: %s", buf_cstr(&key), err.text);
		if (n == 0)
			assert_string_equal(buf_cstr(&key), first);
		seen = seen || slice_is(buf_slice(&key), middle);
		if (++n == count)
			assert_string_equal(buf_cstr(&key), last);
	}
	assert_int_equal(n, count);
	assert_true(seen);
	buf_fini(&key);
}

static void
test_networks(void **state)
{
	(void)state;
	walk_client("192.0.2.129", 33, "client=192.0.2.129",
	    "client=192.0.2.128/25", "client=0.0.0.0/0");
	walk_client("::ffff:192.0.2.129", 33, "client=192.0.2.129",
	    "client=192.0.0.0/16", "client=0.0.0.0/0");
	walk_client("2001:db8::1", 129, "client=[2001:db8::1]",
	    "client=[2001:db8::]/32", "client=[::]/0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
