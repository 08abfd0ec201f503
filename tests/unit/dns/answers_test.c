/* SPDX-License-Identifier: ISC */
#include "dns/answers.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

static const struct dns_answer absent = { .found = ABSENT, .name = "" };

/* All that is wanted now, each with a blank behind it. */
static const char *
wanted(struct dns_answers *a)
{
	static char names[256];
	enum dns_type type;
	const char *name;

	names[0] = '\0';
	while (dns_answers_wanted(a, &name, &type))
		snprintf(names + strlen(names), sizeof names - strlen(names),
		    "%s ", name);
	return names;
}

static void
test_wanted(void **state)
{
	struct dns_answers a;

	(void)state;
	dns_answers_init(&a);
	assert_null(dns_answers_get(&a, SLICE("One.test."), DNS_A));
	assert_null(dns_answers_get(&a, SLICE("one.test"), DNS_A));
	assert_null(dns_answers_get(&a, SLICE("two.test"), DNS_TXT));
	assert_string_equal(wanted(&a), "one.test two.test ");
	assert_null(dns_answers_get(&a, SLICE("two.test"), DNS_TXT));
	assert_string_equal(wanted(&a), "");
	dns_answers_put(&a, SLICE("one.test"), DNS_A, &absent);
	assert_non_null(dns_answers_get(&a, SLICE("one.test"), DNS_A));
	/* who asked has gone */
	dns_answers_again(&a);
	assert_null(dns_answers_get(&a, SLICE("six.test"), DNS_A));
	assert_string_equal(wanted(&a), "two.test six.test ");
	dns_answers_give_up(&a);
	assert_int_equal(
	    dns_answers_get(&a, SLICE("two.test"), DNS_TXT)->found, TEMPFAIL);
	dns_answers_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
