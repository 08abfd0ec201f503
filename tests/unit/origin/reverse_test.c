/* SPDX-License-Identifier: ISC */
#include "origin/reverse.h"

#include "tests/unit.h"

#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dns/zone.h"
#include "sys/addr.h"

static const char zone_text[] =
    "1.2.0.192.in-addr.arpa. PTR one.test.\n"
    "one.test. A 192.0.2.1\n"
    "2.2.0.192.in-addr.arpa. PTR one.test.\n"
    "3.2.0.192.in-addr.arpa. PTR fail.test.\n"
    "fail.test. FAIL\n"
    "4.2.0.192.in-addr.arpa. PTR fail.test.\n"
    "4.2.0.192.in-addr.arpa. PTR four.test.\n"
    "four.test. A 192.0.2.200\n"
    "four.test. A 192.0.2.4\n"
    "5.2.0.192.in-addr.arpa. FAIL\n"
    "6.2.0.192.in-addr.arpa. PTR none.test.\n"
    "$ORIGIN "
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.\n"
    "1.0.0.0 PTR six.test.\n"
    "2.0.0.0 PTR one.test.\n"
    "six.test. AAAA 2001:db8::1\n";

static const struct {
	const char *ip;
	enum reverse_result result;
	const char *name;
} rows[] = {
	{ "192.0.2.1", REVERSE_PASS, "one.test" },
	{ "::ffff:192.0.2.1", REVERSE_PASS, "one.test" },
	{ "192.0.2.2", REVERSE_FAIL, "one.test" },
	{ "192.0.2.3", REVERSE_TEMPERROR, "fail.test" },
	{ "192.0.2.4", REVERSE_PASS, "four.test" },
	{ "192.0.2.5", REVERSE_TEMPERROR, "" },
	{ "192.0.2.6", REVERSE_FAIL, "none.test" },
	{ "192.0.2.7", REVERSE_NONE, "" },
	{ "2001:db8::1", REVERSE_PASS, "six.test" },
	{ "2001:db8::2", REVERSE_FAIL, "one.test" },
	{ "2001:db8::3", REVERSE_NONE, "" },
};

static void
check(const struct dns_zone *zone, size_t i)
{
	struct dns_answers answers;
	struct reverse_verdict v;
	struct addr a;
	uint8_t ip[16];
	int rounds = 0;

	assert_true(addr_of_ip(&a, AF_UNSPEC, slice_str(rows[i].ip), 0));
	assert_true(addr_ip16(&a, ip));
	dns_answers_init(&answers);
	while (!reverse_check(ip, &answers, &v)) {
		assert_true(rounds++ < 3);
		dns_zone_answer(zone, &answers);
	}
	if (v.result != rows[i].result || !slice_is(v.name, rows[i].name))
		fail_msg("%s: %s %.*s", rows[i].ip,
		    reverse_result_name(v.result), SLICE_FMT(v.name));
	dns_answers_fini(&answers);
}

static void
test_check(void **state)
{
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), NULL);

	(void)state;
	assert_non_null(zone);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(zone, i);
	dns_zone_free(&zone);
}

/* Whose address has a thousand names costs ten questions. */
static void
test_many_names(void **state)
{
	struct buf text = { .max = 1 << 20 };
	struct dns_zone *zone;
	struct dns_answers answers;
	struct reverse_verdict v;
	const uint8_t ip[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "1.2.0.192.in-addr.arpa. PTR h%d.test.\n", i);
	zone = dns_zone_parse(buf_slice(&text), NULL);
	assert_non_null(zone);
	dns_answers_init(&answers);
	while (!reverse_check(ip, &answers, &v))
		dns_zone_answer(zone, &answers);
	assert_int_equal(v.result, REVERSE_FAIL);
	assert_int_equal(answers.n, 1 + REVERSE_NAMES_MAX);
	dns_answers_fini(&answers);
	dns_zone_free(&zone);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
