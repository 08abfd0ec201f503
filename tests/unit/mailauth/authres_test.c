/* SPDX-License-Identifier: ISC */
#include "mailauth/authres.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_values(void **state)
{
	static const struct {
		const char *value, *written;
	} rows[] = {
		{ "example.org", "example.org" },
		{ "a@example.org", "a@example.org" },
		{ "@example.org", "@example.org" },
		{ "a+b-c=d@example.org", "\"a+b-c=d@example.org\"" },
		{ "a; dkim=pass header.d=bank.example",
		    "\"a; dkim=pass header.d=bank.example\"" },
		{ "a\"b\\c@d", "\"a\\\"b\\\\c@d\"" },
		{ "rsa/sha", "\"rsa/sha\"" },
		{ "a\r\nX-Header: b", "\"a??X-Header: b\"" },
		{ "a(b", "\"a(b\"" },
		{ "\x80x", "\"?x\"" },
		{ "b\xc3\xbc@x", "\"b\xc3\xbc@x\"" },
		{ "a@b@c", "\"a@b@c\"" },
		{ "@", "\"@\"" },
		{ "", "\"\"" },
	};
	struct buf out = { .max = 999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		authres_put_value(&out, slice_str(rows[i].value));
		assert_string_equal(buf_cstr(&out), rows[i].written);
	}
	buf_fini(&out);
}

static void
test_field(void **state)
{
	struct buf out = { .max = 999 };
	struct authres r;

	(void)state;
	authres_begin(&r, &out, SLICE("mx.example"));
	authres_end(&r);
	assert_string_equal(
	    buf_cstr(&out), "Authentication-Results: mx.example; none\r\n");
	buf_reset(&out);
	authres_begin(&r, &out, SLICE("mx.example"));
	authres_result(&r, "spf", "fail");
	authres_reason(&r, SLICE("-all"));
	authres_property(&r, "smtp.mailfrom", SLICE("a@b.example"));
	authres_property(&r, "smtp.helo", SLICE(""));
	authres_result(&r, "dkim", "none");
	authres_end(&r);
	assert_string_equal(buf_cstr(&out),
	    "Authentication-Results: mx.example;\r\n"
	    "\tspf=fail reason=\"-all\"\r\n\t smtp.mailfrom=a@b.example;\r\n"
	    "\tdkim=none\r\n");
	buf_fini(&out);
}

static void
test_forged(void **state)
{
	static const struct {
		const char *value;
		bool ours;
	} rows[] = {
		{ " mx.example.org; spf=pass", true },
		{ " MX.Example.ORG; none", true },
		{ " mx.example.org 1; none", true },
		{ "\r\n mx.example.org;none", true },
		{ " (a (nested \\) one)) mx.example.org ; none", true },
		{ " \"mx.example.org\"; none", true },
		{ " \"mx\\.example.org\"; none", true },
		{ " mx.example.org.; none", true },
		{ " mx.example.org(x); none", true },
		{ " mx.example.org", true },
		/* malformed, and ours as far as one can see */
		{ " (open mx.example.org; spf=pass", true },
		{ " \"mx.example.org; spf=pass", true },
		{ " ; mx.example.org; spf=pass", true },
		{ " x mx.example.org; spf=pass", true },
		{ " mx.example.org spf=pass", true },
		/* of others */
		{ " mail.example.org; spf=pass", false },
		{ " mx.example.org.evil.example; spf=pass", false },
		{ " a-mx.example.org; spf=pass", false },
		{ " (mx.example.org) mail.example.org; spf=pass", false },
		{ " mail.example.org; spf=pass smtp.helo=mx.example.org",
		    false },
		{ " (open; spf=pass smtp.helo=mx.example.org", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (authres_is_of(slice_str(rows[i].value),
			SLICE("mx.example.org")) != rows[i].ours)
			fail_msg("%s", rows[i].value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
