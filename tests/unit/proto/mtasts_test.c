/* SPDX-License-Identifier: ISC */
/* Policies as RFC 8461 has them, and what is none. */
#include "tests/unit.h"

#include "proto/mtasts.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define V "version: STSv1\n"
#define A "max_age: 86400\n"

/* clang-format off */
static const struct {
	const char *text;
	const char *wrong; /* NULL: it is a policy */
	enum mtasts_mode mode;
	int64_t max_age_s;
	const char *mx;
} rows[] = {
	{ V "mode: enforce\nmx: mail.example.com\nmx: *.example.net\n" A, NULL, MTASTS_ENFORCE, 86400, "mail.example.com *.example.net" },
	{ "version: STSv1\r\nmode: testing\r\nmx: MX.Example.org\r\nmax_age: 1\r\n", NULL, MTASTS_TESTING, 1, "mx.example.org" },
	{ V "mode: none\n" A, NULL, MTASTS_NONE, 86400, "" },
	/* no end of the last line, none but blanks, blanks at ends, none behind the colon */
	{ "max_age:86400  \n\n \nmode:enforce\t\nmx:a.test\nversion:STSv1", NULL, MTASTS_ENFORCE, 86400, "a.test" },
	/* the first counts */
	{ V "mode: enforce\nmode: none\nmx: a.test\n" A "max_age: 5\nversion: STSv2\n", NULL, MTASTS_ENFORCE, 86400, "a.test" },
	{ V "mode: enforce\nmx: a.test\nmax_age: 31557600\n", NULL, MTASTS_ENFORCE, MTASTS_AGE_MAX, "a.test" },
	{ V "mode: enforce\nmx: a.test\nmax_age: 9999999999\n", NULL, MTASTS_ENFORCE, MTASTS_AGE_MAX, "a.test" },
	{ V "mode: enforce\nmx: a.test\nmax_age: 0\n", NULL, MTASTS_ENFORCE, 0, "a.test" },
	{ V "mode: enforce\nmx: a.test\nx-new_field.1: what: ever\n" A, NULL, MTASTS_ENFORCE, 86400, "a.test" },
	{ V "mode: enforce\nmx: xn--bcher-kva.test\n" A, NULL, MTASTS_ENFORCE, 86400, "xn--bcher-kva.test" },
	{ "", "no version", 0, 0, NULL },
	{ "mode: enforce\nmx: a.test\n" A, "no version", 0, 0, NULL },
	{ "version: STSv2\nmode: enforce\nmx: a.test\n" A, "unknown version", 0, 0, NULL },
	{ "version: stsv1\nmode: enforce\nmx: a.test\n" A, "unknown version", 0, 0, NULL },
	{ "Version: STSv1\nmode: enforce\nmx: a.test\n" A, "no version", 0, 0, NULL },
	{ V "mx: a.test\n" A, "no mode", 0, 0, NULL },
	{ V "mode: Enforce\nmx: a.test\n" A, "unknown mode", 0, 0, NULL },
	{ V "mode: report\nmx: a.test\n" A, "unknown mode", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\n", "no max_age", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\nmax_age: \n", "invalid max_age", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\nmax_age: -1\n", "invalid max_age", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\nmax_age: 1d\n", "invalid max_age", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\nmax_age: 00000000001\n", "invalid max_age", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\nmax_age: 99999999999\n", "invalid max_age", 0, 0, NULL },
	{ V "mode: enforce\n" A, "no mx", 0, 0, NULL },
	{ V "mode: testing\n" A, "no mx", 0, 0, NULL },
	{ V "mode: enforce\nmx:\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: *\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: *.\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: *.*.test\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: mx*.test\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test b.test\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: [192.0.2.1]\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: b\xC3\xBC" "cher.test\n" A, "invalid mx", 0, 0, NULL },
	{ V "mode: enforce\nmx: a.test\n" A "<html>\n", "a line without a colon", 0, 0, NULL },
};

static const struct {
	const char *mx, *host;
	bool matches;
} hosts[] = {
	{ "mx.example.org", "mx.example.org", true },
	{ "mx.example.org", "MX.Example.ORG.", true },
	{ "a.test mx.example.org", "mx.example.org", true },
	{ "mx.example.org", "mx2.example.org", false },
	{ "mx.example.org", "x.mx.example.org", false },
	{ "*.example.org", "mx.example.org", true },
	{ "*.example.org", "a.mx.example.org", false }, /* one label */
	{ "*.example.org", "example.org", false },
	{ "*.example.org", ".example.org", false },
	{ "*.example.org", "mxexample.org", false },
	{ "*.com", "com", false },
	{ "xn--bcher-kva.test", "b\xC3\xBC" "cher.test", true },
	{ "", "mx.example.org", false },
	{ "", "", false },
};

static const struct {
	const char *txt, *id;
} records[] = {
	{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
	{ "v=STSv1;id=1", "1" },
	{ "v=STSv1 ; x=y ; id=abc ;", "abc" },
	{ "v=STSv1; id=1; id=2;", "1" },
	{ "v=STSv1; id=12345678901234567890123456789012;", "12345678901234567890123456789012" },
	{ "v=STSv1; id=123456789012345678901234567890123;", NULL },
	{ "v=STSv1; id=;", NULL },
	{ "v=STSv1; id=a-b;", NULL },
	{ "v=STSv1; id = 1;", NULL },
	{ "v=STSv1; ID=1;", NULL },
	{ "v=STSv1; nothing; id=1;", NULL },
	{ "v=STSv1;", NULL },
	{ "v=STSv1", NULL },
};
/* clang-format on */

static void
test_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf mx = { .max = MTASTS_MX_MAX };
		struct mtasts_policy p;
		struct err err = { 0 };
		const int rc =
		    mtasts_parse(slice_str(rows[i].text), &p, &mx, &err);

		if (rows[i].wrong != NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.class, ERR_PERM);
			assert_string_equal(err.text, rows[i].wrong);
		} else {
			assert_int_equal(rc, 0);
			assert_int_equal(p.mode, rows[i].mode);
			assert_int_equal(p.max_age_s, rows[i].max_age_s);
			assert_string_equal(buf_cstr(&mx), rows[i].mx);
		}
		buf_fini(&mx);
	}
}

/* What is too large is none, whatever is in it. */
static void
test_limits(void **state)
{
	struct buf text = { .max = 1 << 20 }, mx = { .max = MTASTS_MX_MAX };
	struct mtasts_policy p;
	struct err err;

	(void)state;
	buf_adds(&text, V A "mode: enforce\n");
	while (text.n < MTASTS_MX_MAX * 3 / 2)
		buf_adds(&text, "mx: mx.example.org\n");
	assert_int_equal(mtasts_parse(buf_slice(&text), &p, &mx, &err), -1);
	assert_string_equal(err.text, "too many mx");
	buf_reset(&text);
	buf_reset(&mx);
	buf_adds(&text, V A "mode: none\n");
	while (text.n < MTASTS_TEXT_MAX)
		buf_addc(&text, '\n');
	assert_int_equal(mtasts_parse(buf_slice(&text), &p, &mx, &err), 0);
	buf_addc(&text, '\n');
	assert_int_equal(mtasts_parse(buf_slice(&text), &p, &mx, &err), -1);
	assert_string_equal(err.text, "too large");
	buf_fini(&text);
	buf_fini(&mx);
}

static void
test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		assert_int_equal(mtasts_matches(slice_str(hosts[i].mx),
				     slice_str(hosts[i].host)),
		    hosts[i].matches);
}

static void
test_records(void **state)
{
	static const char *const others[] = { "", "v=spf1 -all", "v=STSv12",
		"V=STSv1; id=1", " v=STSv1; id=1", "v=STSv2; id=1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		const struct slice txt = slice_str(records[i].txt);
		struct slice id;
		const bool has = mtasts_record_id(txt, &id);

		assert_true(mtasts_is_record(txt));
		assert_int_equal(has, records[i].id != NULL);
		if (has)
			assert_true(slice_is(id, records[i].id));
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(mtasts_is_record(slice_str(others[i])));
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(mtasts_mode_name(MTASTS_TESTING), "testing");
	assert_string_equal(mtasts_mode_name((enum mtasts_mode)9), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
