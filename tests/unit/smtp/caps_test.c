/* SPDX-License-Identifier: ISC */
#include "smtp/session/caps.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *in;
		unsigned set;
		uint64_t size;
	} rows[] = {
		{ "mx.example.org\n", 0, 0 },
		/* the first line is a greeting, whatever it says */
		{ "PIPELINING\n", 0, 0 },
		{ "mx\nPIPELINING\nsize 1000\n8bitmime\n",
		    SMTP_CAP_PIPELINING | SMTP_CAP_SIZE | SMTP_CAP_8BITMIME,
		    1000 },
		{ "mx\nSIZE\n", SMTP_CAP_SIZE, 0 },
		{ "mx\nSIZE 0\n", SMTP_CAP_SIZE, 0 },
		{ "mx\nSIZE lots\n", SMTP_CAP_SIZE, 0 },
		{ "mx\nSIZE 99999999999999999999\n", SMTP_CAP_SIZE, 0 },
		{ "mx\nAUTH LOGIN PLAIN\n", SMTP_CAP_AUTH_PLAIN, 0 },
		{ "mx\nAUTH LOGIN\nAUTH=LOGIN PLAIN\n", SMTP_CAP_AUTH_PLAIN,
		    0 },
		{ "mx\nAUTH LOGIN XPLAIN\n", 0, 0 },
		{ "mx\nSMTPUTF8\nENHANCEDSTATUSCODES\nDSN\nSTARTTLS\n"
		  "REQUIRETLS\nX-OTHER y\n\n",
		    SMTP_CAP_SMTPUTF8 | SMTP_CAP_ENHANCED | SMTP_CAP_DSN |
			SMTP_CAP_STARTTLS | SMTP_CAP_REQUIRETLS,
		    0 },
		{ "mx\nmt-priority MIXER\n", SMTP_CAP_MT_PRIORITY, 0 },
		{ "mx\nCHUNKING\nBinaryMIME\n",
		    SMTP_CAP_CHUNKING | SMTP_CAP_BINARYMIME, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_caps caps;

		smtp_caps_parse(slice_str(rows[i].in), &caps);
		if (caps.set != rows[i].set || caps.size_max != rows[i].size)
			fail_msg("row %zu: %x %llu", i, caps.set,
			    (unsigned long long)caps.size_max);
	}
}

static void
test_limits(void **state)
{
	static const struct {
		const char *in;
		unsigned mails, rcpts, domains;
	} rows[] = {
		{ "mx\nLIMITS\n", 0, 0, 0 },
		{ "mx\nLIMITS MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=1\n", 5, 20,
		    1 },
		{ "mx\nlimits rcptmax=999999  MailMax=1\n", 1, 999999, 0 },
		{ "mx\nLIMITS RCPTMAX=1000000 MAILMAX=0\n", 0, 0, 0 },
		{ "mx\nLIMITS RCPTMAX= MAILMAX RCPTDOMAINMAX=2x X=1\n", 0, 0,
		    0 },
		{ "mx\nLIMITS RCPTMAX=-1 MAILMAX=3\n", 3, 0, 0 },
		{ "LIMITS RCPTMAX=3\nmx\n", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_caps caps;

		smtp_caps_parse(slice_str(rows[i].in), &caps);
		if (caps.mail_max != rows[i].mails ||
		    caps.rcpt_max != rows[i].rcpts ||
		    caps.domain_max != rows[i].domains)
			fail_msg("row %zu: %u %u %u", i, caps.mail_max,
			    caps.rcpt_max, caps.domain_max);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
