/* SPDX-License-Identifier: ISC */
/* Against tests/flow/dnsserver.py, started here. */
#include "dns/resolver.h"

#include "tests/unit/dns/server.h"

#include <arpa/inet.h>

#include "base/mem.h"

static const char zone[] =
    "{"
    "\"example.test\": {\"MX\": [\"20 b.example.test.\", "
    "\"10 A.Example.test.\"], \"A\": [\"192.0.2.7\"],"
    "  \"TXT\": [\"\\\"v=spf1 \\\" \\\"-all\\\"\", \"\\\"other\\\"\"]},"
    "\"a.example.test\": {\"A\": [\"192.0.2.1\", \"192.0.2.2\"], "
    "\"AAAA\": [\"2001:db8::1\"]},"
    "\"_25._tcp.a.example.test\": {\"TLSA\": [\"3 1 1 "
    "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\"]},"
    "\"null.test\": {\"MX\": [\"0 .\"]},"
    "\"alias.test\": {\"CNAME\": [\"alias2.test.\"]},"
    "\"alias2.test\": {\"CNAME\": [\"example.test.\"]},"
    "\"loop.test\": {\"CNAME\": [\"loop.test.\"]},"
    "\"broken.test\": \"SERVFAIL\","
    "\"refused.test\": \"REFUSED\","
    "\"silent.test\": \"DROP\","
    "\"long.test\": {\"TXT\": [\"\\\"over tcp\\\"\"], \"truncate\": true},"
    "\"1.2.0.192.in-addr.arpa\": {\"PTR\": [\"Host.Example.test.\"]}"
    "}";

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

/* ---- asking ---- */

struct ask {
	struct dns_query q;
	struct dns_answer got;
	struct arena arena;
	bool done;
};
static unsigned open_asks;

/* Keep what the test looks at. */
static void
on_answer(struct dns_query *q, const struct dns_answer *answer)
{
	struct ask *a = OUTER(q, struct ask, q);

	assert_false(a->done);
	a->done = true;
	a->got = *answer;
	a->got.name = arena_str(&a->arena, slice_str(answer->name));
	a->got.records =
	    arena_alloc(&a->arena, (answer->n + 1) * sizeof *answer->records);
	if (answer->n > 0)
		memcpy(a->got.records, answer->records,
		    answer->n * sizeof *answer->records);
	if (--open_asks == 0)
		ev_stop();
}

static void
begin(int64_t timeout_ms)
{
	ev_init();
	dnsserver_use(timeout_ms);
}

static void
ask(struct ask *a, const char *name, enum dns_type type)
{
	*a = (struct ask){ 0 };
	arena_init(&a->arena);
	open_asks++;
	dns_ask(&a->q, slice_str(name), type, on_answer);
	assert_false(a->done);
}

static void
check(const char *name, enum dns_type type, enum found found, size_t n)
{
	struct ask a;

	ask(&a, name, type);
	ev_run();
	if (a.got.found != found || a.got.n != n)
		fail_msg("%s %s: %d, %zu records", name, dns_type_name(type),
		    a.got.found, a.got.n);
	assert_false(a.got.secure);
	arena_fini(&a.arena);
}

static void
test_answers(void **state)
{
	(void)state;
	begin(5000);
	check("example.test", DNS_MX, FOUND, 2);
	check("EXAMPLE.test.", DNS_MX, FOUND, 2);
	check("example.test", DNS_AAAA, ABSENT, 0);
	check("nosuch.test", DNS_MX, ABSENT, 0);
	check("example.test", DNS_TXT, FOUND, 2);
	check("null.test", DNS_MX, FOUND, 1);
	check("alias.test", DNS_MX, FOUND, 2);
	check("a.example.test", DNS_A, FOUND, 2);
	check("a.example.test", DNS_AAAA, FOUND, 1);
	check("_25._tcp.a.example.test", DNS_TLSA, FOUND, 1);
	check("long.test", DNS_TXT, FOUND, 1);
	check("broken.test", DNS_MX, TEMPFAIL, 0);
	check("refused.test", DNS_MX, TEMPFAIL, 0);
	check("loop.test", DNS_MX, TEMPFAIL, 0);
	/* what cannot be a name is not asked */
	check("", DNS_A, ABSENT, 0);
	check("a..test", DNS_A, ABSENT, 0);
	check("a b.test", DNS_A, ABSENT, 0);
	check("a\\.b.test", DNS_A, ABSENT, 0);
	dns_close();
}

static void
test_contents(void **state)
{
	struct ask a[3];
	char ip6[INET6_ADDRSTRLEN];

	(void)state;
	begin(5000);
	ask(&a[0], "alias.test", DNS_MX);
	ask(&a[1], "a.example.test", DNS_AAAA);
	ask(&a[2], "nosuch.test", DNS_A);
	ev_run();
	assert_string_equal(a[0].got.name, "example.test");
	assert_false(a[0].got.nxdomain);
	assert_string_equal(
	    inet_ntop(AF_INET6, a[1].got.records[0].aaaa, ip6, sizeof ip6),
	    "2001:db8::1");
	assert_true(a[2].got.nxdomain);
	for (size_t i = 0; i < ARRAY_LEN(a); i++)
		arena_fini(&a[i].arena);
	dns_close();
}

/* A server that says nothing is a temporary failure in time, and nobody is
 * told who stopped waiting. */
static void
test_silence_and_cancel(void **state)
{
	struct ask a, b, c;

	(void)state;
	begin(300);
	ask(&a, "silent.test", DNS_A);
	ask(&b, "silent.test", DNS_MX);
	ask(&c, "example.test", DNS_MX);
	dns_cancel(&b.q);
	dns_cancel(&b.q);
	open_asks--;
	dns_cancel(&c.q);
	open_asks--;
	ev_run();
	assert_int_equal(a.got.found, TEMPFAIL);
	assert_false(b.done);
	assert_false(c.done);
	arena_fini(&a.arena);
	arena_fini(&b.arena);
	arena_fini(&c.arena);
	dns_close();
}

static void
test_reverse(void **state)
{
	const uint8_t v4[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192,
		0, 2, 1 };
	const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x1f };
	char name[DNS_NAME_MAX];

	(void)state;
	dns_reverse_name(v6, name);
	assert_string_equal(name, "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
				  "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	dns_reverse_name(v4, name);
	assert_string_equal(name, "1.2.0.192.in-addr.arpa");
	begin(5000);
	check(name, DNS_PTR, FOUND, 1);
	dns_close();
}

static void
test_server_texts(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "192.0.2.1", true },
		{ "192.0.2.1:5353", true },
		{ "192.0.2.1@5353", true },
		{ "2001:db8::1", true },
		{ "2001:db8::1@53", true },
		{ "[2001:db8::1]", true },
		{ "[2001:db8::1]:53", true },
		{ "ns.example.org", false },
		{ "192.0.2.1:0x35", false },
		{ "unix:/x", false },
		{ "*:53", false },
		{ "", false },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((dns_check_server(rows[i].text, &err) == 0) != rows[i].ok)
			fail_msg("%s", rows[i].text);
		else if (!rows[i].ok)
			assert_non_null(strstr(err.text, "DNS server"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_silence_and_cancel),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_server_texts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
