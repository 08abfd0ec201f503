/* SPDX-License-Identifier: ISC */
#include "reporter/schedule.h"

#include "tests/unit.h"

#include <stdio.h>

enum { SPREAD_S = 21600, DOMAINS = 1000, PARTS = 4 };

/* Each domain has its own time, the same at each try, and so has each host:
 * what gets all reports of all hosts gets them over the whole of that time
 * (RFC 8460 4.1). */
static void
test_times(void **state)
{
	size_t parts[PARTS] = { 0 };
	int64_t least = SPREAD_S, most = 0;

	(void)state;
	for (unsigned i = 0; i < DOMAINS; i++) {
		char host[40], domain[40];
		int64_t s;

		snprintf(host, sizeof host, "mail%u.example", i / 2);
		snprintf(domain, sizeof domain, "d%u.example", i);
		s = schedule_delay_s(
		    slice_str(host), slice_str(domain), SPREAD_S);
		assert_int_equal(s, schedule_delay_s(slice_str(host),
					slice_str(domain), SPREAD_S));
		assert_true(s >= 0 && s <= SPREAD_S);
		least = s < least ? s : least;
		most = s > most ? s : most;
		parts[s * PARTS / (SPREAD_S + 1)]++;
	}
	assert_true(least < SPREAD_S / 10 && most > SPREAD_S * 9 / 10);
	for (size_t i = 0; i < PARTS; i++)
		assert_true(parts[i] > DOMAINS / 16);
}

static void
test_hosts_differ(void **state)
{
	const struct slice domain = SLICE("d.example");

	(void)state;
	assert_true(schedule_delay_s(SLICE("a.example"), domain, SPREAD_S) !=
		    schedule_delay_s(SLICE("b.example"), domain, SPREAD_S));
	assert_in_range(schedule_delay_s(SLICE("a.example"), domain, 0), 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_hosts_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
