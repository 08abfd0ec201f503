/* SPDX-License-Identifier: ISC */
#include "ctl/view/nextsteps.h"

#include "tests/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/mem.h"
#include "base/slice.h"

static bool
is_public(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return nextsteps_is_public((const struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return nextsteps_is_public((const struct sockaddr *)&in6);
}

static void
test_public(void **state)
{
	static const char *const yes[] = { "203.0.113.5", "9.255.255.255",
		"11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1",
		"172.32.0.1", "192.167.1.1", "192.169.0.0", "223.255.255.255",
		"2001:db8::1", "3fff::1" };
	static const char *const no[] = { "127.0.0.1", "10.0.0.1", "100.64.0.0",
		"100.127.255.255", "172.16.0.1", "172.31.0.1", "192.168.0.1",
		"169.254.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::1",
		"fe80::1", "fc00::1", "fd12::1", "ff02::1",
		"::ffff:203.0.113.5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!is_public(yes[i]))
			fail_msg("%s is public", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (is_public(no[i]))
			fail_msg("%s is not public", no[i]);
}

static void
test_records(void **state)
{
	static const char *const domains[] = { "example.org",
		"b\xc3\xbc"
		"cher.example",
		NULL };
	static const char *const addresses[] = { "203.0.113.5", "2001:db8::5",
		NULL };
	static const char *const none[] = { NULL };
	static const char *const lines[] = {
		"mail.example.org. A 203.0.113.5\n",
		"mail.example.org. AAAA 2001:db8::5\n",
		"example.org. MX 10 mail.example.org.\n",
		"example.org. TXT \"v=spf1 mx ~all\"\n",
		"_dmarc.example.org. TXT \"v=DMARC1; p=none; "
		"rua=mailto:postmaster@example.org\"\n",
		"_submissions._tcp.example.org. SRV 0 1 465 "
		"mail.example.org.\n",
		"_imaps._tcp.example.org. SRV 0 1 993 mail.example.org.\n",
		"_pop3s._tcp.example.org. SRV 0 1 995 mail.example.org.\n",
		"_sieve._tcp.example.org. SRV 0 1 4190 mail.example.org.\n",
		"xn--bcher-kva.example. MX 10 mail.example.org.\n",
		"_dmarc.xn--bcher-kva.example. TXT \"v=DMARC1; p=none; "
		"rua=mailto:postmaster@xn--bcher-kva.example\"\n",
	};
	struct buf out = { .max = 65536 }, flat = { .max = 65536 };

	(void)state;
	nextsteps_records(&out, "mail.example.org", domains, addresses);
	for (size_t i = 0; i < out.n; i++)
		if (out.p[i] != ' ' || i == 0 || out.p[i - 1] != ' ')
			buf_addc(&flat, out.p[i]);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (slice_search(buf_slice(&flat), slice_str(lines[i])) ==
		    flat.n)
			fail_msg(
			    "%s is not in:\n%s", lines[i], buf_cstr(&flat));
	buf_reset(&out);
	nextsteps_records(&out, "mail.example.org", domains, none);
	assert_true(slice_search(buf_slice(&out),
			SLICE("A    (the public address")) < out.n);
	buf_fini(&out);
	buf_fini(&flat);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
