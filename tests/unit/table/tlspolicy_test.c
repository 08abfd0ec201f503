/* SPDX-License-Identifier: ISC */
#include "table/tlspolicy.h"
#include "table/tlspolicy_host.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *key, *value;
	bool ok;
	enum tls_policy_level level;
	const char *names;
} rows[] = {
	{ "a.test",        "none",    true, TLS_POLICY_NONE,    "" },
	{ ".a.test",       "may",     true, TLS_POLICY_MAY,     "" },
	{ "[a.test]",      "encrypt", true, TLS_POLICY_ENCRYPT, "" },
	{ "[192.0.2.1]",   "verify",  true, TLS_POLICY_VERIFY,  "" },
	{ "[2001:db8::1]", "dane",    true, TLS_POLICY_DANE,    "" },
	{ "a.test",        " verify  mx.a.test .b.test ", true,
	    TLS_POLICY_VERIFY, "mx.a.test .b.test" },
	{ "gr\xc3\xbc" "n.test", "may", true, TLS_POLICY_MAY,   "" },

	{ "a.test",        "",                  false, 0, NULL },
	{ "a.test",        "secure",            false, 0, NULL },
	{ "a.test",        "Verify",            false, 0, NULL },
	{ "a.test",        "encrypt mx.a.test", false, 0, NULL },
	{ "a.test",        "dane mx.a.test",    false, 0, NULL },
	{ "a.test",        "verify *.a.test",   false, 0, NULL },
	{ "a.test",        "verify mx.a.test.", false, 0, NULL },
	{ "a.test",        "verify [192.0.2.1]", false, 0, NULL },
	{ "a.test",        "verify gr\xc3\xbc" "n.test", false, 0, NULL },
	{ "*",             "may",               false, 0, NULL },
	{ "u@a.test",      "may",               false, 0, NULL },
	{ "a.test.",       "may",               false, 0, NULL },
	{ "..a.test",      "may",               false, 0, NULL },
	{ "[a.test]:25",   "may",               false, 0, NULL },
	{ "[a.test",       "may",               false, 0, NULL },
	{ "unix:/x",       "may",               false, 0, NULL },
};
/* clang-format on */

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice value = slice_str(rows[i].value);
		struct tlspolicy p;
		struct err err = { 0 };
		const int rc =
		    tlspolicy_check(slice_str(rows[i].key), value, &err);

		if ((rc == 0) != rows[i].ok)
			fail_msg("row %zu: %s", i, err.text);
		if (rc == -1) {
			assert_int_equal(err.class, ERR_PERM);
			continue;
		}
		assert_int_equal(tlspolicy_parse(value, &p, &err), 0);
		assert_int_equal(p.level, rows[i].level);
		assert_true(slice_is(p.names, rows[i].names));
	}
}

static void
test_long(void **state)
{
	struct buf value = { .max = 600 };
	struct tlspolicy p;

	(void)state;
	buf_adds(&value, "verify ");
	while (value.n < 7 + TLS_POLICY_NAMES_MAX)
		buf_adds(&value, value.n % 2 == 0 ? "a" : " ");
	assert_int_equal(tlspolicy_parse(buf_slice(&value), &p, NULL), 0);
	buf_adds(&value, "abc");
	assert_int_equal(tlspolicy_parse(buf_slice(&value), &p, NULL), -1);
	buf_fini(&value);
}

/* DANE before MTA-STS before what is set; without records dane is may. */
static void
test_of(void **state)
{
	static const struct {
		struct tlspolicy_host h;
		enum tls_policy_level is;
	} hosts[] = {
		{ { .set = TLS_POLICY_MAY }, TLS_POLICY_MAY },
		{ { .set = TLS_POLICY_DANE }, TLS_POLICY_MAY },
		{ { .set = TLS_POLICY_ENCRYPT }, TLS_POLICY_ENCRYPT },
		{ { .set = TLS_POLICY_DANE, .tlsa = true }, TLS_POLICY_DANE },
		{ { .set = TLS_POLICY_DANE, .tlsa = true, .sts_enforce = true },
		    TLS_POLICY_DANE },
		{ { .set = TLS_POLICY_MAY, .sts_enforce = true },
		    TLS_POLICY_VERIFY },
		{ { .set = TLS_POLICY_NONE, .requiretls = true },
		    TLS_POLICY_VERIFY },
		{ { .set = TLS_POLICY_VERIFY, .plain = true, .tlsa = true },
		    TLS_POLICY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (tlspolicy_of(&hosts[i].h) != hosts[i].is)
			fail_msg("row %zu: %s", i,
			    tlspolicy_name(tlspolicy_of(&hosts[i].h)));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
