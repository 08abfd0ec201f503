/* SPDX-License-Identifier: ISC */
#include "mailauth/rules.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "conf/values.h"
#include "mailauth/check.h"

static const char *sealers[] = { "other.example", "list.example" };
static const char *exempt[] = { "exempt.example" };

/* Who sealed a message is believed only where he is named, whole, and while his
 * chain is good; SPF and DMARC alone decide otherwise. */
static void
test_sealers(void **state)
{
	static const struct {
		const char *what;
		enum dkim_arc_result arc;
		const char *sealer, *author;
		enum mailauth_action action;
		size_t nsealers;
		enum policy_action does;
	} rows[] = {
		{ "nobody is trusted", DKIM_ARC_PASS, "list.example",
		    "bank.example", MAILAUTH_REJECT, 0, POLICY_REFUSE },
		{ "one who is", DKIM_ARC_PASS, "list.example", "bank.example",
		    MAILAUTH_REJECT, 2, POLICY_ACCEPT },
		{ "in other letters", DKIM_ARC_PASS, "LIST.example",
		    "bank.example", MAILAUTH_QUARANTINE, 2, POLICY_ACCEPT },
		{ "one who is not", DKIM_ARC_PASS, "evil.example",
		    "bank.example", MAILAUTH_REJECT, 2, POLICY_REFUSE },
		{ "beneath one who is", DKIM_ARC_PASS, "evil.list.example",
		    "bank.example", MAILAUTH_QUARANTINE, 2, POLICY_QUARANTINE },
		{ "his chain failed", DKIM_ARC_FAIL, "list.example",
		    "bank.example", MAILAUTH_REJECT, 2, POLICY_REFUSE },
		{ "nobody knows yet", DKIM_ARC_TEMPERROR, "list.example",
		    "bank.example", MAILAUTH_DEFER, 2, POLICY_DEFER },
		{ "no chain", DKIM_ARC_NONE, "", "bank.example",
		    MAILAUTH_REJECT, 2, POLICY_REFUSE },
		{ "the author's domain is exempt", DKIM_ARC_NONE, "",
		    "a.exempt.example", MAILAUTH_REJECT, 2, POLICY_ACCEPT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct conf_nets nobody = { 0 };
		const struct conf_list named = { .v = sealers,
			.n = rows[i].nsealers };
		const struct conf_list domains = { .v = exempt, .n = 1 };
		const struct mailauth_terms terms = { .exempt_hosts = &nobody,
			.exempt_domains = &domains,
			.sealers = &named,
			.defer = true };
		const struct mailauth_verdict m = {
			.arc = { .result = rows[i].arc,
			    .sealer = slice_str(rows[i].sealer) },
			.from = { .state = DMARC_FROM_GOOD },
			.dmarc = { .domain = slice_str(rows[i].author) },
			.action = rows[i].action,
			.why = "the policy of its domain",
		};
		struct policy_verdict v = { .action = POLICY_ACCEPT };
		struct arena a;

		arena_init(&a);
		(void)mailauth_dmarc_rule(
		    &m, SLICE("192.0.2.1"), &terms, &a, &v);
		if (v.action != rows[i].does)
			fail_msg("%s: %d", rows[i].what, v.action);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
