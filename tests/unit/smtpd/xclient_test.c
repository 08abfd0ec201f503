/* SPDX-License-Identifier: ISC */
#include "smtpd/xclient.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#include "tests/unit/smtpd/talk.h"

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

/* clang-format off */
static const struct {
	const char *args;
	const char *addr; /* with the port; NULL: not said */
	const char *name, *helo, *login;
	bool extended;
} said[] = {
	{ "ADDR=192.0.2.1", "192.0.2.1", "", "", "", false },
	{ "addr=192.0.2.1 port=4711", "192.0.2.1:4711", "", "", "", false },
	{ "ADDR=IPV6:2001:db8::1 PORT=25", "[2001:db8::1]:25", "", "", "", false },
	{ "ADDR=ipv6:2001:db8::1  PORT=0", "2001:db8::1", "", "", "", false },
	{ "ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE]", "0.0.0.0", "", "", "", false },
	{ "NAME=mail.Example.org", NULL, "mail.example.org", "", "", false },
	{ "NAME=[UNAVAILABLE] HELO=[unavailable] LOGIN=[UNAVAILABLE]", NULL, "", "", "", false },
	{ "NAME=[tempunavail]", NULL, "", "", "", false },
	{ "HELO=[192.0.2.1] PROTO=ESMTP", NULL, "", "[192.0.2.1]", "", true },
	{ "PROTO=smtp HELO=a+2Bb", NULL, "", "a+b", "", false },
	{ "HELO=a+b+2", NULL, "", "a+b+2", "", false },
	{ "LOGIN=alice+2Bx@example.org", NULL, "", "", "alice+x@example.org", false },
	{ "LOGIN=+5BUNAVAILABLE+5D", NULL, "", "", "", false },
	{ "DESTADDR=192.0.2.1 DESTPORT=25 NAME=a", NULL, "a", "", "", false },
	{ "DESTADDR=[UNAVAILABLE] DESTPORT=[UNAVAILABLE]", NULL, "", "", "", false },
	{ "HELO=" X250 "xxxxx", NULL, "", X250 "xxxxx", "", false },
};

static const struct {
	const char *args;
	const char *why;
} refused[] = {
	{ "", "501 5.5.4 Syntax: XCLIENT attribute=value..." },
	{ "ADDR", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=192.0.2.1:25", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=[192.0.2.1]", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=*", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=192.0.2.1+00", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=2001:db8::1", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=IPV6:192.0.2.1", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=unix:x", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=[TEMPUNAVAIL]", "501 5.5.4 Bad value of XCLIENT attribute ADDR" },
	{ "ADDR=192.0.2.1 ADDR=192.0.2.2", "501 5.5.4 Duplicate XCLIENT attribute ADDR" },
	{ "PORT=65536", "501 5.5.4 Bad value of XCLIENT attribute PORT" },
	{ "PORT=x", "501 5.5.4 Bad value of XCLIENT attribute PORT" },
	{ "PROTO=LMTP", "501 5.5.4 Bad value of XCLIENT attribute PROTO" },
	{ "PROTO=[UNAVAILABLE]", "501 5.5.4 Bad value of XCLIENT attribute PROTO" },
	{ "NAME=a..b", "501 5.5.4 Bad value of XCLIENT attribute NAME" },
	{ "NAME=a+20b", "501 5.5.4 Bad value of XCLIENT attribute NAME" },
	{ "NAME=[192.0.2.1]", "501 5.5.4 Bad value of XCLIENT attribute NAME" },
	{ "NAME=a+0D+0Ab", "501 5.5.4 Bad value of XCLIENT attribute NAME" },
	{ "HELO=a+20b", "501 5.5.4 Bad value of XCLIENT attribute HELO" },
	{ "HELO=a+0D+0ABcc:+20b", "501 5.5.4 Bad value of XCLIENT attribute HELO" },
	{ "HELO=" X250 "xxxxxx", "501 5.5.4 Bad value of XCLIENT attribute HELO" },
	{ "LOGIN=a+00b", "501 5.5.4 Bad value of XCLIENT attribute LOGIN" },
	{ "LOGIN=a+0Ab", "501 5.5.4 Bad value of XCLIENT attribute LOGIN" },
	{ "LOGIN=+FF", "501 5.5.4 Bad value of XCLIENT attribute LOGIN" },
	{ "DESTADDR=x", "501 5.5.4 Bad value of XCLIENT attribute DESTADDR" },
	{ "DESTPORT=x", "501 5.5.4 Bad value of XCLIENT attribute DESTPORT" },
	{ "IDENT=x", "501 5.5.4 Bad XCLIENT attribute name" },
	{ "=x", "501 5.5.4 Bad XCLIENT attribute name" },
	{ "NAME=a\tADDR=192.0.2.1", "501 5.5.4 Bad value of XCLIENT attribute NAME" },
};
/* clang-format on */

static void
test_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct smtpd_xclient x;
		char text[ADDR_TEXT];
		char addr[ADDR_TEXT + 8];

		assert_int_equal(
		    smtpd_parse_xclient(slice_str(said[i].args), &x, NULL), 0);
		assert_int_equal(x.has_addr, said[i].addr != NULL);
		if (x.has_addr) {
			addr_format_ip(&x.addr, text);
			if (x.port == 0)
				snprintf(addr, sizeof addr, "%s", text);
			else
				snprintf(addr, sizeof addr,
				    strchr(text, ':') != NULL ? "[%s]:%u"
							      : "%s:%u",
				    text, x.port);
			assert_string_equal(addr, said[i].addr);
		}
		assert_string_equal(buf_cstr(&x.name), said[i].name);
		assert_string_equal(buf_cstr(&x.helo), said[i].helo);
		assert_string_equal(buf_cstr(&x.login), said[i].login);
		assert_int_equal(x.extended, said[i].extended);
		smtpd_xclient_fini(&x);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct smtpd_xclient x;
		struct err err;

		assert_int_equal(
		    smtpd_parse_xclient(slice_str(refused[i].args), &x, &err),
		    -1);
		assert_string_equal(err.text, refused[i].why);
		smtpd_xclient_fini(&x);
	}
}

/* ---- sessions */

static int
setup(void **state)
{
	(void)state;
	fake_init("hostname = h.example\ndomains = local.example\n"
		  "message_size_limit = 100K\n"
		  "cleartext_login_networks = 198.51.100.0/24\n",
	    "max_recipients = 100\n"
	    "xclient_hosts = 203.0.113.200\n");
	return 0;
}

/* clang-format off */
static const struct {
	const char *protocol, *ip, *in, *out;
} xclients[] = {
	{ "smtp", STRANGER, "XCLIENT ADDR=127.0.0.1\r\nEHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@far.example>\r\nQUIT\r\n",
	    G "550 5.7.0 XCLIENT is not permitted\r\n" EHLO SENDER "550 5.7.1 Relay access denied\r\n" BYE },
	{ "smtp", "local", "XCLIENT ADDR=127.0.0.1\r\nQUIT\r\n", G "550 5.7.0 XCLIENT is not permitted\r\n" BYE },
	{ "smtp", PROXY, "EHLO c\r\nXCLIENT\r\nXCLIENT ADDR=x\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    G EHLO_OF_PROXY "501 5.5.4 Syntax: XCLIENT attribute=value...\r\n"
	    "501 5.5.4 Bad value of XCLIENT attribute ADDR\r\n" SENDER BYE },
	/* the session begins anew; its client has its own rights */
	{ "smtp", PROXY, "EHLO c\r\nXCLIENT ADDR=192.0.2.1\r\nMAIL FROM:<>\r\nEHLO d\r\nMAIL FROM:<>\r\n"
	    "RCPT TO:<a@far.example>\r\nQUIT\r\n",
	    G EHLO_OF_PROXY G "503 5.5.1 Send EHLO first\r\n" EHLO_OF_PROXY SENDER "550 5.7.1 Relay access denied\r\n" BYE },
	{ "smtp", PROXY, "XCLIENT ADDR=127.0.0.1\r\nHELO d\r\nMAIL FROM:<>\r\nRCPT TO:<a@far.example>\r\nQUIT\r\n",
	    G G HELO SENDER RCPT BYE },
	/* its greeting, and its login */
	{ "smtp", PROXY, "XCLIENT HELO=e PROTO=ESMTP\r\nMAIL FROM:<> SIZE=1\r\nRSET\r\nXCLIENT HELO=e\r\nMAIL FROM:<> SIZE=1\r\nQUIT\r\n",
	    G G SENDER OK G "555 5.5.4 Parameters require EHLO\r\n" BYE },
	{ "submission", PROXY, "XCLIENT ADDR=192.0.2.1 LOGIN=u@x HELO=e PROTO=ESMTP\r\nAUTH PLAIN\r\nMAIL FROM:<>\r\nRCPT TO:<a@far.example>\r\n"
	    "XCLIENT LOGIN=u@x\r\nRSET\r\nXCLIENT HELO=e\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    G G "503 5.5.1 Already authenticated\r\n" SENDER RCPT "503 5.5.1 MAIL transaction in progress\r\n" OK
	    G "530 5.7.0 Authentication required\r\n" BYE },
	{ "lmtp", PROXY, "XCLIENT ADDR=192.0.2.1\r\nXCLIENT ADDR=192.0.2.2\r\nQUIT\r\n",
	    "220 h.example LMTP pabal\r\n220 h.example LMTP pabal\r\n220 h.example LMTP pabal\r\n" BYE },
};
/* clang-format on */

static void
test_xclient(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(xclients); i++)
		expect(xclients[i].protocol, xclients[i].ip, xclients[i].in,
		    xclients[i].out);
	(void)fake_talk("smtp", PROXY,
	    SLICE("XCLIENT NAME=far.example ADDR=IPV6:2001:db8::9 PORT=9 "
		  "HELO=h LOGIN=u@x PROTO=ESMTP\r\nMAIL FROM:<>\r\n"
		  "RCPT TO:<user@x>\r\nDATA\r\n.\r\n"));
	assert_non_null(strstr(buf_cstr(&fake.message),
	    "Received: from h (far.example [IPv6:2001:db8::9])\r\n"
	    "\tby h.example with ESMTPA id QID"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_xclient),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
