/* SPDX-License-Identifier: ISC */
#include "dmarc/dmarc.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "dmarc/walk.h"
#include "dns/zone.h"

static void
test_records(void **state)
{
	static const struct {
		const char *txt;
		const char *says; /* NULL: no record */
	} rows[] = {
		{ "v=DMARC1; p=reject", "reject reject reject" },
		{ "v=DMARC1;p=none;sp=quarantine;np=reject",
		    "none quarantine reject np" },
		{ "v=DMARC1; p=QUARANTINE; adkim=s; aspf=s; t=y; psd=y",
		    "quarantine quarantine quarantine d s t psd=y" },
		{ "v=DMARC1; sp=none; p=reject; psd=n",
		    "reject none none psd=n" },
		{ " v = DMARC1 ; p = reject ;", "reject reject reject" },
		/* removed tags, unknown ones, rubbish */
		{ "v=DMARC1; p=reject; pct=5; rf=x; ri=no; new=1; !; ;",
		    "reject reject reject" },
		/* the first of two */
		{ "v=DMARC1; p=reject; p=none", "reject reject reject" },
		{ "v=DMARC1; p=reject; adkim=x; psd=u; t=maybe",
		    "reject reject reject" },
		/* no policy: only with an address for reports */
		{ "v=DMARC1; rua=mailto:a@example.org", "none none none" },
		{ "v=DMARC1; p=bad; rua=mailto:a@example.org",
		    "none none none" },
		{ "v=DMARC1; p=reject; sp=bad; rua=mailto:a@example.org",
		    "none none none" },
		{ "v=DMARC1; p=bad", "unusable" },
		{ "v=DMARC1", "unusable" },
		{ "v=DMARC1; rua=https://example.org/", "unusable" },
		{ "v=DMARC1; p=reject; np=bad", "unusable" },
		{ "v=dmarc1; p=reject", NULL },
		{ "v=DMARC2; p=reject", NULL },
		{ "v=DMARC1x; p=reject", NULL },
		{ "p=reject; v=DMARC1", NULL },
		{ "", NULL },
		{ "google-site-verification=x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char says[200] = "unusable";
		struct dmarc_record r;

		if (!dmarc_record_parse(slice_str(rows[i].txt), &r)) {
			if (rows[i].says != NULL)
				fail_msg("%s: no record", rows[i].txt);
			continue;
		}
		if (r.usable)
			snprintf(says, sizeof says, "%s %s %s%s%s%s%s%s",
			    dmarc_policy_name(r.p), dmarc_policy_name(r.sp),
			    dmarc_policy_name(r.np), r.np_given ? " np" : "",
			    r.strict_dkim ? " d" : "", r.strict_spf ? " s" : "",
			    r.testing ? " t" : "",
			    r.psd == DMARC_PSD_YES  ? " psd=y"
			    : r.psd == DMARC_PSD_NO ? " psd=n"
						    : "");
		if (rows[i].says == NULL || strcmp(says, rows[i].says) != 0)
			fail_msg("%s: %s", rows[i].txt, says);
	}
}

static const char zone_text[] =
    "_dmarc.org.example TXT \"v=DMARC1; p=reject; sp=quarantine; "
    "np=none\"\n"
    "www.org.example A 192.0.2.1\n"
    "_dmarc.deep.org.example TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.own.org.example TXT \"v=DMARC1; p=quarantine; psd=n\"\n"
    "below.own.org.example A 192.0.2.1\n"
    "_dmarc.strict.example TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
    "_dmarc.test.example TXT \"v=DMARC1; p=reject; t=y\"\n"
    "_dmarc.testq.example TXT \"v=DMARC1; p=quarantine; t=y\"\n"
    "_dmarc.twice.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.twice.example TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.sub.twice2.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.sub.twice2.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.twice2.example TXT \"v=DMARC1; p=quarantine\"\n"
    "sub.twice2.example A 192.0.2.1\n"
    "_dmarc.gov TXT \"v=DMARC1; p=reject; sp=quarantine; np=reject; "
    "psd=y\"\n"
    "_dmarc.agency.gov TXT \"v=DMARC1; p=none; sp=reject\"\n"
    "a.agency.gov A 192.0.2.1\n"
    "norecord.gov A 192.0.2.1\n"
    "a.norecord.gov A 192.0.2.1\n"
    "_dmarc.down.example FAIL\n"
    "_dmarc.half.example FAIL\n"
    "_dmarc.x.half.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.a.b.c.d.e.f.g.h.i.long.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.e.f.g.h.i.long.example TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.d.e.f.g.h.i.long.example TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.bad.example TXT \"v=DMARC1; p=bad\"\n";

/* "pass"... with the policy, what is applied and where the record is. */
static void
check(const char *author, const char *identifiers, char *out, size_t size)
{
	struct dmarc_identifier ids[8];
	struct slice rest = slice_str(identifiers);
	struct dmarc_question q = { .author = slice_str(author),
		.identifiers = ids };
	struct dns_answers answers;
	struct dmarc_verdict v;
	struct err err;
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), &err);

	assert_non_null(zone);
	while (rest.n > 0) {
		struct slice word = slice_cut(rest, ' ', &rest), domain;
		const struct slice how = slice_cut(word, '=', &domain);

		ids[q.n++] = (struct dmarc_identifier){ .domain = domain,
			.dkim = slice_starts(how, SLICE("dkim")),
			.pass = !slice_ends(how, SLICE("?")) };
	}
	dns_answers_init(&answers);
	while (!dmarc_check(&q, &answers, &v))
		dns_zone_answer(zone, &answers);
	assert_true(answers.n <= 8 * (1 + q.n) + 1);
	snprintf(out, size, "%s %s %s %.*s", dmarc_result_name(v.result),
	    dmarc_policy_name(v.policy), dmarc_policy_name(v.applied),
	    SLICE_FMT(v.at));
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
}

static void
test_verdicts(void **state)
{
	static const struct {
		const char *author, *identifiers, *says;
	} rows[] = {
		{ "org.example", "dkim=org.example",
		    "pass reject none org.example" },
		{ "org.example", "spf=mail.org.example",
		    "pass reject none org.example" },
		{ "org.example", "spf=example",
		    "fail reject reject "
		    "org.example" },
		{ "org.example", "dkim=evil.example",
		    "fail reject reject org.example" },
		{ "org.example", "", "fail reject reject org.example" },
		/* sp, and np where there is no such name */
		{ "www.org.example", "",
		    "fail quarantine quarantine "
		    "org.example" },
		{ "nowhere.org.example", "", "fail none none org.example" },
		{ "www.org.example", "dkim=other.org.example",
		    "pass quarantine none org.example" },
		/* its own record before the organization's */
		{ "deep.org.example", "", "fail none none deep.org.example" },
		{ "deep.org.example", "dkim=org.example",
		    "pass none none deep.org.example" },
		/* psd=n: an organization of its own */
		{ "own.org.example", "dkim=org.example",
		    "fail quarantine quarantine own.org.example" },
		{ "below.own.org.example", "dkim=own.org.example",
		    "pass quarantine none own.org.example" },
		{ "below.own.org.example", "dkim=org.example",
		    "fail quarantine quarantine own.org.example" },
		{ "strict.example", "dkim=a.strict.example",
		    "fail reject reject strict.example" },
		{ "strict.example", "spf=a.strict.example",
		    "fail reject reject strict.example" },
		{ "strict.example", "spf=STRICT.example",
		    "pass reject none strict.example" },
		/* t=y: one step less */
		{ "test.example", "", "fail reject quarantine test.example" },
		{ "testq.example", "", "fail quarantine none testq.example" },
		/* two records are none, and the walk goes on */
		{ "twice.example", "", "none none none " },
		{ "sub.twice2.example", "",
		    "fail quarantine quarantine "
		    "twice2.example" },
		/* a public suffix: the organization is below it */
		{ "agency.gov", "dkim=other.gov", "fail none none agency.gov" },
		{ "a.agency.gov", "dkim=agency.gov",
		    "pass reject none agency.gov" },
		{ "norecord.gov", "dkim=agency.gov",
		    "fail quarantine quarantine gov" },
		{ "a.norecord.gov", "dkim=norecord.gov",
		    "pass quarantine none gov" },
		{ "absent.gov", "", "fail reject reject gov" },
		{ "gov", "dkim=agency.gov", "fail reject reject gov" },
		/* no record; no answer */
		{ "none.invalid", "dkim=none.invalid", "none none none " },
		{ "down.example", "dkim=down.example", "temperror none none " },
		{ "x.half.example", "dkim=x.half.example",
		    "pass reject none x.half.example" },
		{ "x.half.example", "dkim=y.half.example",
		    "temperror reject none x.half.example" },
		/* what may yet pass */
		{ "org.example", "dkim?=org.example",
		    "temperror reject none org.example" },
		{ "org.example", "dkim?=evil.example",
		    "fail reject reject org.example" },
		{ "org.example", "dkim?=org.example spf=org.example",
		    "pass reject none org.example" },
		/* eight questions: the domain, then seven labels at most */
		{ "z.a.b.c.d.e.f.g.h.i.long.example", "",
		    "fail none none e.f.g.h.i.long.example" },
		{ "a.b.c.d.e.f.g.h.i.long.example", "",
		    "fail reject reject a.b.c.d.e.f.g.h.i.long.example" },
		{ "bad.example", "", "none none none " },
	};
	char says[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check(rows[i].author, rows[i].identifiers, says, sizeof says);
		if (strcmp(says, rows[i].says) != 0)
			fail_msg("%s with %s: %s, not %s", rows[i].author,
			    rows[i].identifiers, says, rows[i].says);
	}
}

/* Of several authors the worst counts. */
static void
test_worse(void **state)
{
	const struct dmarc_verdict pass = { .result = DMARC_PASS },
				   none = { .result = DMARC_NONE },
				   fail = { .result = DMARC_FAIL },
				   reject = { .result = DMARC_FAIL,
					   .applied = DMARC_POLICY_REJECT };

	(void)state;
	assert_ptr_equal(dmarc_worse(&pass, &none), &none);
	assert_ptr_equal(dmarc_worse(&fail, &none), &fail);
	assert_ptr_equal(dmarc_worse(&fail, &reject), &reject);
	assert_ptr_equal(dmarc_worse(&reject, &pass), &reject);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_worse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
