/* SPDX-License-Identifier: ISC */
/* Against tests/flow/dnsserver.py, started here. */
#include "dns/gather.h"

#include "tests/unit/dns/server.h"

#include "base/mem.h"
#include "dns/resolver.h"

static const char zone[] = "{"
			   "\"a.test\": {\"A\": [\"192.0.2.1\"],"
			   "  \"TXT\": [\"\\\"x\\\"\"]},"
			   "\"silent.test\": \"DROP\""
			   "}";

static unsigned runs;

static int
setup(void **state)
{
	(void)state;
	dnsserver_start(zone);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dnsserver_stop();
	return 0;
}

static void
on_all(struct dns_gather *g)
{
	(void)g;
	runs++;
	ev_stop();
}

static enum found
known(struct dns_answers *answers, const char *name, enum dns_type type)
{
	const struct dns_answer *answer =
	    dns_answers_get(answers, slice_str(name), type);

	assert_non_null(answer);
	return answer->found;
}

/* All that is wanted is asked, and told of once. */
static void
test_all(void **state)
{
	struct dns_answers answers;
	struct dns_gather g;

	(void)state;
	ev_init();
	dnsserver_use(20000);
	runs = 0;
	dns_answers_init(&answers);
	dns_gather_init(&g, &answers, 20000, on_all);
	assert_false(dns_gather_ask(&g));
	assert_null(dns_answers_get(&answers, SLICE("A.test"), DNS_A));
	assert_null(dns_answers_get(&answers, SLICE("a.test"), DNS_TXT));
	assert_null(dns_answers_get(&answers, SLICE("none.test"), DNS_A));
	assert_true(dns_gather_ask(&g));
	assert_int_equal(runs, 0);
	ev_run();
	assert_int_equal(runs, 1);
	assert_int_equal(known(&answers, "a.test", DNS_A), FOUND);
	assert_int_equal(known(&answers, "a.test", DNS_TXT), FOUND);
	assert_int_equal(known(&answers, "none.test", DNS_A), ABSENT);
	assert_true(
	    dns_answers_get(&answers, SLICE("none.test"), DNS_A)->nxdomain);
	dns_gather_fini(&g);
	dns_answers_fini(&answers);
	dns_close();
}

/* When the time is over, what is not known failed, now and later; answers that
 * came before count. */
static void
test_deadline(void **state)
{
	struct dns_answers answers;
	struct dns_gather g;

	(void)state;
	ev_init();
	dnsserver_use(20000);
	runs = 0;
	dns_answers_init(&answers);
	dns_gather_init(&g, &answers, 20000, on_all);
	assert_null(dns_answers_get(&answers, SLICE("a.test"), DNS_A));
	assert_true(dns_gather_ask(&g));
	ev_run();
	assert_null(dns_answers_get(&answers, SLICE("silent.test"), DNS_A));
	assert_true(dns_gather_ask(&g));
	ev_timer_set(&g.deadline, 1);
	ev_run();
	assert_int_equal(runs, 2);
	assert_int_equal(known(&answers, "silent.test", DNS_A), TEMPFAIL);
	assert_int_equal(known(&answers, "later.test", DNS_A), TEMPFAIL);
	assert_int_equal(known(&answers, "a.test", DNS_A), FOUND);
	assert_false(dns_gather_ask(&g));
	dns_gather_fini(&g);
	dns_answers_fini(&answers);
	dns_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_deadline),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
