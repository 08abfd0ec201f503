/* SPDX-License-Identifier: ISC */
#include "origin/helo.h"

#include "tests/unit.h"

#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "dns/zone.h"
#include "sys/addr.h"

static const struct {
	const char *helo;
	bool no_name;
} names[] = {
	{ "mail.a.test", false },
	{ "mail.a.test.", false },
	{ "a.test", false },
	{ "b\xc3\xbc"
	  "cher.test",
	    false },
	{ "xn--bcher-kva.test", false },
	{ "[192.0.2.1]", false },
	{ "[nonsense", false },
	{ "1.a.test", false },
	{ "a_b.test", false },
	{ "localhost", true },
	{ "", true },
	{ ".", true },
	{ "a..test", true },
	{ "friend", true },
	{ "192.0.2.1", true },
	{ "a.12", true },
	{ "pc.local", true },
	{ "pc.LOCAL", true },
	{ "localhost.localdomain", true },
	{ "a b.test", true },
};

static void
test_no_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (helo_is_no_name(slice_str(names[i].helo)) !=
		    names[i].no_name)
			fail_msg("%s", names[i].helo);
}

static void
test_own(void **state)
{
	const struct slice own = SLICE("mx.b.test");

	(void)state;
	assert_true(helo_is_own(SLICE("MX.b.test"), own));
	assert_true(helo_is_own(SLICE("mx.b.test."), own));
	assert_false(helo_is_own(SLICE("b.test"), own));
	assert_false(helo_is_own(SLICE("a.mx.b.test"), own));
	assert_false(helo_is_own(SLICE(""), SLICE("")));
}

static const struct {
	const char *helo, *client;
	bool other;
} literals[] = {
	{ "[192.0.2.1]", "192.0.2.1", false },
	{ "[IPv6:2001:db8::1]", "2001:db8::1", false },
	{ "[ipv6:2001:DB8:0::1]", "2001:db8::1", false },
	{ "[IPv6:::ffff:192.0.2.1]", "192.0.2.1", false },
	{ "mail.a.test", "192.0.2.1", false },
	{ "192.0.2.7", "192.0.2.1", false }, /* no literal: helo_is_no_name */
	{ "[192.0.2.2]", "192.0.2.1", true },
	{ "[2001:db8::1]", "2001:db8::1", true },
	{ "[IPv6:192.0.2.1]", "192.0.2.1", true },
	{ "[192.0.2.1", "192.0.2.1", true },
	{ "[]", "192.0.2.1", true },
	{ "[", "192.0.2.1", true },
	{ "[x-tag:1]", "192.0.2.1", true },
};

static void
test_literal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		struct addr a;
		uint8_t ip[16];

		assert_true(addr_of_ip(
		    &a, AF_UNSPEC, slice_str(literals[i].client), 0));
		assert_true(addr_ip16(&a, ip));
		if (helo_is_other_literal(slice_str(literals[i].helo), ip) !=
		    literals[i].other)
			fail_msg("%s", literals[i].helo);
	}
}

static void
test_resolves(void **state)
{
	static const struct {
		const char *helo;
		enum found found;
	} rows[] = {
		{ "four.test", FOUND },
		{ "four.test.", FOUND },
		{ "six.test", FOUND },
		{ "mx.test", FOUND },
		{ "[192.0.2.1]", FOUND },
		{ "txt.test", ABSENT },
		{ "none.test", ABSENT },
		{ "not a name", ABSENT },
		{ "", ABSENT },
		{ "fail.test", TEMPFAIL },
	};
	struct dns_zone *zone = dns_zone_parse(
	    SLICE("four.test. A 192.0.2.1\nsix.test. AAAA 2001:db8::1\n"
		  "mx.test. MX 10 four.test.\ntxt.test. TXT x\n"
		  "fail.test. FAIL\n"),
	    NULL);

	(void)state;
	assert_non_null(zone);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_answers answers;
		enum found found;
		int rounds = 0;

		dns_answers_init(&answers);
		while (
		    !helo_resolves(slice_str(rows[i].helo), &answers, &found)) {
			assert_true(rounds++ < 2);
			dns_zone_answer(zone, &answers);
		}
		if (found != rows[i].found)
			fail_msg("%s: %d", rows[i].helo, (int)found);
		dns_answers_fini(&answers);
	}
	dns_zone_free(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_resolves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
