/* SPDX-License-Identifier: ISC */
#include "smtpd/received.h"

#include "tests/unit.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

enum { WHEN = 1700000000 };

#define DATE "Tue, 14 Nov 2023 22:13:20 +0000\r\n"

/* clang-format off */
static const struct {
	struct smtpd_trace t;
	const char *out;
} traces[] = {
	{ { .helo = { "c.example", 9 }, .ip = { "192.0.2.1", 9 }, .with = { "ESMTP", 5 },
	    .rcpt = { "a@b.example", 11 } },
	    "Received: from c.example ([192.0.2.1])\r\n"
	    "\tby h.example with ESMTP id Q1\r\n"
	    "\tfor <a@b.example>; " DATE },
	{ { .helo = { "c.example", 9 }, .ip = { "192.0.2.1", 9 }, .with = { "ESMTPA", 6 },
	    .rcpt = { "a@b.example", 11 }, .mt_priority = -4 },
	    "Received: from c.example ([192.0.2.1])\r\n"
	    "\tby h.example with ESMTPA id Q1\r\n"
	    "\tfor <a@b.example>\r\n"
	    "\tPRIORITY -4; " DATE },
	{ { .helo = { "x", 1 }, .uid = { "0", 1 }, .with = { "UTF8SMTP", 8 }, .rcpt = { "a@grün.example", 15 } },
	    "Received: from localhost (local, uid 0)\r\n"
	    "\tby h.example with UTF8SMTP id Q1\r\n"
	    "\tfor <a@xn--grn-ioa.example>; " DATE },
	{ { .helo = { "x", 1 }, .uid = { "0", 1 }, .with = { "UTF8SMTP", 8 }, .rcpt = { "ä@grün.example", 16 } },
	    "Received: from localhost (local, uid 0)\r\n"
	    "\tby h.example with UTF8SMTP id Q1\r\n"
	    "\tfor <ä@grün.example>; " DATE },
	{ { .helo = { "[IPv6:::1]", 10 }, .ip = { "::1", 3 }, .with = { "ESMTPS", 6 },
	    .tls = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .cipher_bits = 128 },
	    "Received: from [IPv6:::1] ([IPv6:::1])\r\n"
	    "\tby h.example with ESMTPS id Q1\r\n"
	    "\t(TLSv1.3, TLS_AES_128_GCM_SHA256, 128 bits); " DATE },
	{ { .helo = { "c.example", 9 }, .ip = { "192.0.2.1", 9 }, .with = { "ESMTPSA", 7 },
	    .hidden = true },
	    "Received: from localhost (authenticated)\r\n"
	    "\tby h.example with ESMTPSA id Q1; " DATE },
	/* what is no domain could break the field */
	{ { .helo = { "a(b\\", 4 }, .ip = { "192.0.2.1", 9 }, .with = { "SMTP", 4 } },
	    "Received: from unknown ([192.0.2.1])\r\n"
	    "\tby h.example with SMTP id Q1; " DATE },
	{ { .helo = { "x", 1 }, .uid = { "1000", 4 }, .with = { "ESMTP", 5 } },
	    "Received: from localhost (local, uid 1000)\r\n"
	    "\tby h.example with ESMTP id Q1; " DATE },
};

/* RFC 3848, RFC 6531 4.3 */
static const struct {
	bool lmtp, extended, utf8, tls, auth;
	const char *with;
} withs[] = {
	{ false, false, false, false, false, "SMTP" },
	{ false, true,  false, false, false, "ESMTP" },
	{ false, true,  false, true,  false, "ESMTPS" },
	{ false, false, false, true,  false, "ESMTPS" },
	{ false, true,  false, false, true,  "ESMTPA" },
	{ false, true,  false, true,  true,  "ESMTPSA" },
	{ false, true,  true,  false, false, "UTF8SMTP" },
	{ false, true,  true,  true,  true,  "UTF8SMTPSA" },
	{ true,  true,  false, false, false, "LMTP" },
	{ true,  true,  false, true,  true,  "LMTPSA" },
	{ true,  true,  true,  true,  false, "UTF8LMTPS" },
};
/* clang-format on */

static void
test_received(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		struct smtpd_trace t = traces[i].t;
		struct buf out = { .max = 2000 };

		t.hostname = SLICE("h.example");
		t.qid = SLICE("Q1");
		t.when_s = WHEN;
		smtpd_received(&t, &out);
		assert_string_equal(buf_cstr(&out), traces[i].out);
		buf_fini(&out);
	}
}

static void
test_with(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(withs); i++)
		assert_string_equal(
		    smtpd_with(withs[i].lmtp, withs[i].extended, withs[i].utf8,
			withs[i].tls, withs[i].auth),
		    withs[i].with);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_with),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
