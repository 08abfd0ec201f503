/* SPDX-License-Identifier: ISC */
#include "dmarc/consent.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "base/must.h"
#include "dns/zone.h"

static const char zone_text[] =
    "_dmarc.org.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.down.example FAIL\n"
    "org.example._report._dmarc.host.example TXT \"v=DMARC1\"\n"
    "org.example._report._dmarc.other.example TXT "
    "\"v=DMARC1; rua=mailto:x@other.example\"\n"
    "org.example._report._dmarc.wrong.example TXT \"v=DMARC2\"\n"
    "org.example._report._dmarc.two.example TXT \"rubbish\"\n"
    "org.example._report._dmarc.two.example TXT \"v=DMARC1;\"\n"
    "org.example._report._dmarc.fails.example FAIL\n"
    "org.example._report._dmarc.down.example TXT \"v=DMARC1\"\n"
    "org.example._report._dmarc.sub.down.example A 192.0.2.1\n";

static void
test_consent(void **state)
{
	static const struct {
		const char *domain, *host;
		enum found found;
		const char *rua;
	} rows[] = {
		{ "org.example", "org.example", FOUND, "" },
		{ "ORG.example", "org.example", FOUND, "" },
		/* one organization */
		{ "a.org.example", "reports.org.example", FOUND, "" },
		{ "org.example", "b.org.example", FOUND, "" },
		{ "org.example", "host.example", FOUND, "" },
		{ "org.example", "other.example", FOUND,
		    "mailto:x@other.example" },
		{ "org.example", "two.example", FOUND, "" },
		{ "org.example", "wrong.example", ABSENT, "" },
		{ "org.example", "none.example", ABSENT, "" },
		{ "sub.org.example", "host.example", ABSENT, "" },
		{ "org.example", "fails.example", TEMPFAIL, "" },
		/* whether they are one is not known */
		{ "org.example", "down.example", FOUND, "" },
		{ "org.example", "sub.down.example", TEMPFAIL, "" },
	};
	struct err err = { 0 };
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), &err);

	(void)state;
	if (zone == NULL)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_answers answers;
		struct dmarc_consent c;
		int rounds = 0;

		dns_answers_init(&answers);
		while (!dmarc_consent(slice_str(rows[i].domain),
		    slice_str(rows[i].host), &answers, &c)) {
			must(++rounds < 8);
			dns_zone_answer(zone, &answers);
		}
		if (c.found != rows[i].found || !slice_is(c.rua, rows[i].rua))
			fail_msg("%s at %s: %d %.*s", rows[i].domain,
			    rows[i].host, c.found, SLICE_FMT(c.rua));
		dns_answers_fini(&answers);
	}
	dns_zone_free(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_consent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
