/* SPDX-License-Identifier: ISC */
/* What sessions say, and what they must answer. */
#ifndef TESTS_UNIT_SMTPD_TALK_H
#define TESTS_UNIT_SMTPD_TALK_H

#include "tests/unit.h"

#include "tests/unit/smtpd/fake.h"

#define STRANGER "192.0.2.1"
#define PROXY    "203.0.113.200" /* of xclient_hosts */
#define TRUSTED  "127.0.0.1"
#define G        "220 h.example ESMTP pabal\r\n"
#define OK       "250 2.0.0 Ok\r\n"
#define GO       "354 End with <CR><LF>.<CR><LF>\r\n"
#define QUEUED   "250 2.0.0 Ok: queued as QID\r\n"
#define BYE      "221 2.0.0 h.example Bye\r\n"
#define SENDER   "250 2.1.0 Sender ok\r\n"
#define RCPT     "250 2.1.5 Recipient ok\r\n"
#define HELO     "250 h.example\r\n"
#define EXTENSIONS                                                             \
	"250-LIMITS MAILMAX=10000 RCPTMAX=100\r\n"                             \
	"250-MT-PRIORITY MIXER\r\n250-SMTPUTF8\r\n"                            \
	"250-CHUNKING\r\n250-BINARYMIME\r\n250 HELP\r\n"
#define EHLO                                                                   \
	"250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n"               \
	"250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS
#define EHLO_OF_PROXY                                                          \
	"250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n"               \
	"250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n"               \
	"250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR "                \
	"DESTPORT\r\n" EXTENSIONS
#define BEGIN "HELO c\r\nMAIL FROM:<a@b.example>\r\n"
#define BEGUN G HELO SENDER

static inline void
expect(const char *protocol, const char *ip, const char *in, const char *want)
{
	const char *got = fake_talk(protocol, ip, slice_str(in));

	assert_string_equal(got, want);
	assert_int_equal(fake.sessions, 0);
}

/* What stands behind the Received field. */
static inline const char *
behind_received(void)
{
	const char *p = buf_cstr(&fake.message);

	assert_true(strncmp(p, "Received: from ", 15) == 0);
	do
		p = strstr(p, "\r\n") + 2;
	while (*p == '\t');
	return p;
}

#endif
