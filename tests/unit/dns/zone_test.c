/* SPDX-License-Identifier: ISC */
#include "dns/zone.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const char text[] = "; a comment\n"
			   "$TTL 1h\n"
			   "$ORIGIN Example.org.\n"
			   "@ 3600 IN MX 10 mail\n"
			   "   IN MX 20 mail.example.net. ; another\n"
			   "mail A 192.0.2.1\n"
			   "  AAAA 2001:db8::1\n"
			   "key._domainkey TXT ( \"v=DKIM1; p=ab\"\n"
			   "    \"cd\" ) ; joined\n"
			   "odd TXT \"a\\\"b\\\\c\\255\" plain\\032word\n"
			   "alias CNAME other\n"
			   "other CNAME mail\n"
			   "loop CNAME pool\n"
			   "pool CNAME loop\n"
			   "signed TYPE65 \\# 0\n"
			   "down FAIL\n"
			   "1.2.0.192.in-addr.arpa. PTR mail\n";

/* The answer as text. */
static void
say(const struct dns_answer *answer, enum dns_type type, struct buf *out)
{
	buf_adds(out, answer->found == FOUND    ? "found"
		      : answer->found == ABSENT ? "absent"
						: "fail");
	if (answer->found == ABSENT && answer->nxdomain)
		buf_adds(out, " nx");
	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_record *r = &answer->records[i];

		buf_addc(out, ' ');
		if (type == DNS_A)
			buf_addf(out, "%u.%u.%u.%u", r->a[0], r->a[1], r->a[2],
			    r->a[3]);
		else if (type == DNS_AAAA)
			buf_addf(out, "%x..%x", r->aaaa[0], r->aaaa[15]);
		else if (type == DNS_MX)
			buf_addf(out, "%u=%s", r->mx.preference, r->mx.host);
		else if (type == DNS_TXT)
			buf_add(out, r->txt);
		else
			buf_adds(out, r->name);
	}
}

static void
test_answers(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		const char *says;
	} rows[] = {
		{ "example.org", DNS_MX,
		    "found 10=mail.example.org 20=mail.example.net" },
		{ "EXAMPLE.org.", DNS_A, "absent" },
		{ "org", DNS_A, "absent" },
		{ "net", DNS_A, "absent nx" },
		{ "ample.org", DNS_A, "absent nx" },
		{ "mail.example.org", DNS_A, "found 192.0.2.1" },
		{ "mail.example.org", DNS_AAAA, "found 20..1" },
		{ "mail.example.org", DNS_TXT, "absent" },
		{ "key._domainkey.example.org", DNS_TXT,
		    "found v=DKIM1; p=abcd" },
		{ "odd.example.org", DNS_TXT, "found a\"b\\c\xffplain word" },
		{ "alias.example.org", DNS_A, "found 192.0.2.1" },
		{ "alias.example.org", DNS_CNAME, "found other.example.org" },
		{ "loop.example.org", DNS_A, "absent" },
		{ "signed.example.org", DNS_A, "absent" },
		{ "down.example.org", DNS_TXT, "fail" },
		{ "1.2.0.192.in-addr.arpa", DNS_PTR, "found mail.example.org" },
		{ "a..example.org", DNS_A, "absent nx" },
		{ "", DNS_A, "absent nx" },
	};
	struct err err = { .text = "" };
	struct dns_zone *zone = dns_zone_parse(slice_str(text), &err);
	struct dns_answers answers;
	struct buf out;

	(void)state;
	if (zone == NULL)
		fail_msg("%s", err.text);
	buf_init(&out, 1000);
	dns_answers_init(&answers);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice name = slice_str(rows[i].name);
		const struct dns_answer *answer;

		(void)dns_answers_get(&answers, name, rows[i].type);
		dns_zone_answer(zone, &answers);
		answer = dns_answers_get(&answers, name, rows[i].type);
		assert_non_null(answer);
		buf_reset(&out);
		say(answer, rows[i].type, &out);
		if (!slice_is(buf_slice(&out), rows[i].says))
			fail_msg("%s: %s", rows[i].name, buf_cstr(&out));
	}
	buf_fini(&out);
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "a A 192.0.2.1\nb A 192.0.2\n", "line 2:" },
		{ "a AAAA 192.0.2.1\n", "line 1:" },
		{ "a MX mail\n", "line 1:" },
		{ "a MX 70000 mail\n", "line 1:" },
		{ "a TXT\n", "line 1:" },
		{ "a TXT \"open\n", "line 1:" },
		{ "a TXT \\25\n", "line 1:" },
		{ "a TXT \\256\n", "line 1:" },
		{ "a\n", "line 1:" },
		{ "  A 192.0.2.1\n", "line 1:" },
		{ "$INCLUDE /etc/passwd\n", "line 1:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { .text = "" };
		struct dns_zone *zone =
		    dns_zone_parse(slice_str(rows[i].text), &err);

		if (zone != NULL ||
		    strncmp(err.text, rows[i].why, strlen(rows[i].why)) != 0)
			fail_msg("%s: %s", rows[i].text, err.text);
	}
}

/* A question is asked once, whatever its case, and answered once. */
static void
test_wanted(void **state)
{
	const struct dns_answer absent = { .found = ABSENT, .name = "" };
	struct dns_answers answers;
	enum dns_type type;
	const char *name;
	char one[32];

	(void)state;
	dns_answers_init(&answers);
	assert_false(dns_answers_wanted(&answers, &name, &type));
	assert_null(dns_answers_get(&answers, SLICE("A.Example"), DNS_A));
	assert_null(dns_answers_get(&answers, SLICE("a.example."), DNS_A));
	assert_null(dns_answers_get(&answers, SLICE("a.example"), DNS_MX));
	assert_true(dns_answers_wanted(&answers, &name, &type));
	assert_string_equal(name, "a.example");
	assert_int_equal(type, DNS_A);
	/* given ahead: not asked for any more */
	dns_answers_put(&answers, SLICE("a.example"), DNS_MX, &absent);
	assert_false(dns_answers_wanted(&answers, &name, &type));
	assert_null(dns_answers_get(&answers, SLICE("a.example"), DNS_A));
	assert_false(dns_answers_wanted(&answers, &name, &type));
	dns_answers_put(&answers, SLICE("A.example"), DNS_A, &absent);
	assert_int_equal(
	    dns_answers_get(&answers, SLICE("a.example"), DNS_A)->found,
	    ABSENT);
	for (int i = 0; i < DNS_ANSWERS_MAX - 2; i++) {
		snprintf(one, sizeof one, "n%d.example", i);
		assert_null(dns_answers_get(&answers, slice_str(one), DNS_A));
	}
	assert_int_equal(
	    dns_answers_get(&answers, SLICE("more.example"), DNS_A)->found,
	    TEMPFAIL);
	dns_answers_give_up(&answers);
	assert_int_equal(
	    dns_answers_get(&answers, SLICE("n1.example"), DNS_A)->found,
	    TEMPFAIL);
	assert_int_equal(
	    dns_answers_get(&answers, SLICE("a.example"), DNS_A)->found,
	    ABSENT);
	dns_answers_fini(&answers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
