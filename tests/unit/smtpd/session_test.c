/* SPDX-License-Identifier: ISC */
#include "smtpd/session.h"

#include "tests/unit.h"

#include "tests/unit/smtpd/talk.h"

static int
setup(void **state)
{
	(void)state;
	fake_init("hostname = h.example\ndomains = local.example\n"
		  "message_size_limit = 100K\n"
		  "cleartext_login_networks = 198.51.100.0/24\n",
	    "max_errors = 5\nmax_recipients = 100\n"
	    "max_refused_recipients = 4\nmax_command_length = 512\n"
	    "max_sessions_per_client = 2\n"
	    "priority_hosts = 198.51.100.9 2001:db8::/32\n"
	    "xclient_hosts = 203.0.113.200\n");
	return 0;
}

/* ---- commands ---- */

#define LOWERED                                                                \
	"250 2.3.6 0 is the priority of this message: a higher one requires "  \
	"authentication\r\n"

/* clang-format off */
static const struct {
	const char *protocol, *ip, *in, *out;
} talks[] = {
	{ "smtp", STRANGER, "QUIT\r\n", G BYE },
	{ "smtp", STRANGER, "quit \r\n", G BYE },
	{ "smtp", STRANGER, "EHLO c\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS BYE },
	{ "submission", "198.51.100.7", "EHLO c\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-AUTH PLAIN LOGIN\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS BYE },
	{ "lmtp", STRANGER, "LHLO c\r\nEHLO c\r\nQUIT\r\n", "220 h.example LMTP pabal\r\n"
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS
	    "500 5.5.1 Command not recognized\r\n" BYE },
	{ "smtp", STRANGER, "HELO\r\nEHLO a b\r\nLHLO c\r\nQUIT\r\n", G
	    "501 5.5.4 Syntax: HELO hostname\r\n"
	    "501 5.5.4 Syntax: EHLO hostname\r\n"
	    "500 5.5.1 Command not recognized\r\n" BYE },
	{ "smtp", STRANGER, "NOOP\r\nnoop x y\r\nRSET\r\nVRFY u\r\nEXPN l\r\nRSET x\r\nQUIT\r\n", G
	    OK OK OK "252 2.0.0 Cannot VRFY user, but will accept message and attempt delivery\r\n"
	    "502 5.5.1 Command not implemented\r\n"
	    "501 5.5.4 Syntax error: no arguments allowed\r\n" BYE },
	/* order */
	{ "smtp", STRANGER, "MAIL FROM:<>\r\nRCPT TO:<user@x>\r\nDATA\r\nQUIT\r\n", G
	    "503 5.5.1 Send EHLO first\r\n503 5.5.1 Send EHLO first\r\n503 5.5.1 Send EHLO first\r\n"
	    "421 4.7.0 h.example Improper command pipelining after DATA\r\n" },
	{ "smtp", STRANGER, BEGIN "MAIL FROM:<>\r\nDATA\r\n", BEGUN
	    "503 5.5.1 Nested MAIL command\r\n503 5.5.1 No valid recipients\r\n" },
	{ "smtp", STRANGER, "HELO c\r\nRCPT TO:<user@x>\r\nQUIT\r\n", G HELO
	    "503 5.5.1 Need MAIL command\r\n" BYE },
	{ "smtp", STRANGER, BEGIN "RSET\r\nRCPT TO:<user@x>\r\nMAIL FROM:<>\r\nHELO d\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    BEGUN OK "503 5.5.1 Need MAIL command\r\n" SENDER HELO SENDER BYE },
	{ "smtp", STRANGER, BEGIN "DATA x\r\nAUTH PLAIN\r\nSTARTTLS\r\nQUIT\r\n", BEGUN
	    "503 5.5.1 No valid recipients\r\n"
	    "421 4.7.0 h.example Improper command pipelining after DATA\r\n" },
	/* recipients */
	{ "smtp", STRANGER, BEGIN "RCPT TO:<user@x>\r\nRCPT TO:<nobody@x>\r\nRCPT TO:<a@far.example>\r\n"
	    "RCPT TO:<temp@x>\r\nRCPT TO:<full@x>\r\nRCPT TO:<alias@x>\r\nRCPT TO:<postmaster>\r\nRCPT TO:<>\r\nQUIT\r\n",
	    BEGUN RCPT "550 5.1.1 No such user\r\n550 5.7.1 Relay access denied\r\n"
	    "451 4.4.3 No DNS\r\n452 4.2.2 Mailbox is full\r\n" RCPT RCPT
	    "501 5.1.3 Bad recipient address syntax\r\n" BYE },
	{ "smtp", TRUSTED, BEGIN "RCPT TO:<a@far.example>\r\nQUIT\r\n", BEGUN RCPT BYE },
	/* the replies keep the order of the commands */
	{ "smtp", STRANGER, BEGIN "RCPT TO:<slow1@x>\r\nRCPT TO:<no@x>\r\nRCPT TO:x\r\nNOOP\r\nQUIT\r\n",
	    BEGUN RCPT "550 5.1.1 No such user\r\n501 5.1.3 Bad recipient address syntax\r\n" OK BYE },
	/* sizes */
	{ "smtp", STRANGER, "EHLO c\r\nMAIL FROM:<> SIZE=102401\r\nMAIL FROM:<> SIZE=700\r\n"
	    "RCPT TO:<small@x>\r\nRCPT TO:<user@x>\r\nRSET\r\n"
	    "MAIL FROM:<> SIZE=1001\r\nRCPT TO:<small@x>\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS
	    "552 5.3.4 Message too large\r\n" SENDER "452 4.2.2 Mailbox is full\r\n" RCPT OK
	    SENDER "552 5.2.2 Message exceeds mailbox quota\r\n" BYE },
	/* submission */
	{ "submission", TRUSTED, BEGIN "QUIT\r\n", G HELO "530 5.7.0 Authentication required\r\n" BYE },
	{ "submission", "198.51.100.7", "EHLO c\r\nRSET\r\nAUTH PLAIN AHVzZXIAc2VzYW1l\r\nMAIL FROM:<u@x>\r\n"
	    "RCPT TO:<a@far.example>\r\nAUTH PLAIN\r\nRSET\r\nAUTH PLAIN\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS OK
	    "235 2.7.0 Authentication successful\r\n" SENDER RCPT "503 5.5.1 MAIL transaction in progress\r\n" OK
	    "503 5.5.1 Already authenticated\r\n" BYE },
	{ "submission", STRANGER, "EHLO c\r\nAUTH PLAIN AHVzZXIAc2VzYW1l\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS
	    "538 5.7.11 Encryption required for requested authentication mechanism\r\n" BYE },
	/* priorities: whom one may be believed above 0 */
	{ "smtp", STRANGER, "EHLO c\r\nMAIL FROM:<> MT-PRIORITY=4\r\nRSET\r\n"
	    "MAIL FROM:<> MT-PRIORITY=-4\r\nRSET\r\nMAIL FROM:<> MT-PRIORITY=0\r\nQUIT\r\n", G EHLO
	    LOWERED OK SENDER OK SENDER BYE },
	{ "smtp", TRUSTED, "EHLO c\r\nMAIL FROM:<> MT-PRIORITY=9\r\nQUIT\r\n", G EHLO LOWERED BYE },
	{ "smtp", "198.51.100.9", "EHLO c\r\nMAIL FROM:<> MT-PRIORITY=4\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS SENDER BYE },
	{ "lmtp", "2001:db8::1", "LHLO c\r\nMAIL FROM:<> MT-PRIORITY=4\r\nQUIT\r\n", "220 h.example LMTP pabal\r\n"
	    EHLO SENDER BYE },
	{ "submission", "198.51.100.7", "EHLO c\r\nAUTH PLAIN AHVzZXIAc2VzYW1l\r\n"
	    "MAIL FROM:<a@x> MT-PRIORITY=4\r\nQUIT\r\n", G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n250-8BITMIME\r\n"
	    "250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS
	    "235 2.7.0 Authentication successful\r\n" SENDER BYE },
	/* what is no SMTP */
	{ "smtp", STRANGER, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", G "421 4.7.0 h.example HTTP is not spoken here\r\n" },
	{ "smtp", STRANGER, "\x16\x03\x01 no line end", G "421 4.7.0 h.example TLS requires STARTTLS on this port\r\n" },
	{ "smtp", STRANGER, "NOOP\nNO\x01OP\r\n\r\nX\r\nY\r\nNOOP\r\n", G
	    "500 5.5.2 Syntax error: bare <LF>\r\n500 5.5.2 Syntax error: control character in command\r\n"
	    "500 5.5.1 Command not recognized\r\n500 5.5.1 Command not recognized\r\n500 5.5.1 Command not recognized\r\n"
	    "421 4.7.0 h.example Too many errors\r\n" },
	{ "smtp", STRANGER, BEGIN "RCPT TO:<n1@x>\r\nRCPT TO:<n2@x>\r\nRCPT TO:<n3@x>\r\nRCPT TO:<n4@x>\r\nRSET\r\n", BEGUN
	    "550 5.1.1 No such user\r\n550 5.1.1 No such user\r\n"
	    "550 5.1.1 No such user\r\n550 5.1.1 No such user\r\n"
	    "421 4.7.0 h.example Too many rejected recipients\r\n" },
};
/* clang-format on */

static void
test_talks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(talks); i++)
		expect(
		    talks[i].protocol, talks[i].ip, talks[i].in, talks[i].out);
}

static void
test_long_line(void **state)
{
	char in[70000];

	(void)state;
	memset(in, 'x', sizeof in);
	memcpy(in, "NOOP ", 5);
	memcpy(in + 510, "\r\nNOOP ", 7);
	memcpy(in + sizeof in - 8, "\r\nQUIT\r\n", 8);
	/* 512 bytes are fine, 69488 are not */
	assert_string_equal(
	    fake_talk("smtp", STRANGER, slice_of(in, sizeof in)),
	    G OK "500 5.5.6 Line too long\r\n" BYE);
}

/* An exchange ends with a line that is too long for it: RFC 4954 4. */
static void
test_long_auth_line(void **state)
{
	char in[14000];
	const char *got;

	(void)state;
	memset(in, 'x', sizeof in);
	memcpy(in, "EHLO c\r\nAUTH PLAIN\r\n", 20);
	memcpy(in + sizeof in - 14, "\r\nNOOP\r\nQUIT\r\n", 14);
	got = fake_talk("submission", "198.51.100.7", slice_of(in, sizeof in));
	got = strstr(got, "334 ");
	assert_non_null(got);
	assert_string_equal(got, "334 \r\n500 5.5.6 Line too long\r\n" OK BYE);
}

static void
test_auth(void **state)
{
	static const char ehlo[] =
	    G "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n"
	      "250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n"
	      "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS;
	char want[1024];

	(void)state;
	snprintf(want, sizeof want,
	    "%s334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n"
	    "535 5.7.8 Authentication credentials invalid\r\n"
	    "334 \r\n501 5.7.0 Authentication aborted\r\n504 5.5.4 "
	    "Unrecognized authentication mechanism\r\n"
	    "501 5.5.2 Invalid authentication response\r\n"
	    "421 4.7.0 h.example Too many authentication failures\r\n",
	    ehlo);
	expect("submission", "198.51.100.7",
	    "EHLO c\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nAUTH PLAIN\r\n*\r\n"
	    "AUTH X\r\nAUTH PLAIN !\r\nQUIT\r\n",
	    want);
}

/* ---- messages ---- */

/* clang-format off */
static const struct {
	const char *in, *out, *message;
	unsigned accepted, aborted;
} mails[] = {
	{ BEGIN "RCPT TO:<user@x>\r\nDATA\r\nA: b\r\n\r\n..c\r\n.\r\nQUIT\r\n",
	    BEGUN RCPT GO QUEUED BYE, "A: b\r\n\r\n.c\r\n", 1, 0 },
	{ BEGIN "RCPT TO:<user@x>\r\nDATA\r\n.\r\nNOOP\r\nQUIT\r\n",
	    BEGUN RCPT GO QUEUED OK BYE, "", 1, 0 },
	{ BEGIN "RCPT TO:<user@x>\r\nDATA\r\ntext\r\n.\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    BEGUN RCPT GO QUEUED SENDER BYE, "\r\ntext\r\n", 1, 0 },
	/* cut short */
	{ BEGIN "RCPT TO:<user@x>\r\nDATA\r\nA: b\r\n", BEGUN RCPT GO, NULL, 0, 1 },
	/* refused in the end, and the session goes on */
	{ BEGIN "RCPT TO:<user@x>\r\nDATA\r\nA: b\nc\r\n.\r\nQUIT\r\n",
	    BEGUN RCPT GO "550 5.6.11 Bare CR or LF not allowed\r\n" BYE, NULL, 0, 1 },
	{ BEGIN "RCPT TO:<user@x>\r\nDATA\r\nA: b\r\n\r\nx\n.\nMAIL FROM:<e@x>\r\n.\r\nQUIT\r\n",
	    BEGUN RCPT GO "550 5.6.11 Bare CR or LF not allowed\r\n" BYE, NULL, 0, 1 },
	/* qmgr's troubles */
	{ "HELO c\r\nMAIL FROM:<nofile@x>\r\nRCPT TO:<user@x>\r\nDATA\r\n",
	    G HELO SENDER RCPT "451 4.3.0 Queue manager unavailable\r\n", NULL, 0, 0 },
	{ "HELO c\r\nMAIL FROM:<nofile.full@x>\r\nRCPT TO:<user@x>\r\nDATA\r\n",
	    G HELO SENDER RCPT "452 4.3.1 Insufficient system storage\r\n", NULL, 0, 0 },
	{ "HELO c\r\nMAIL FROM:<nofile.full@x>\r\nRCPT TO:<user@x>\r\nDATA\r\nMAIL FROM:<evil@x>\r\n",
	    G HELO SENDER RCPT "452 4.3.1 Insufficient system storage\r\n"
	    "421 4.7.0 h.example Improper command pipelining after DATA\r\n", NULL, 0, 0 },
	{ "HELO c\r\nMAIL FROM:<lost@x>\r\nRCPT TO:<user@x>\r\nDATA\r\n.\r\nQUIT\r\n",
	    G HELO SENDER RCPT GO "451 4.3.0 Queue file write error\r\n" BYE, NULL, 0, 0 },
	{ "HELO c\r\nMAIL FROM:<lost.full@x>\r\nRCPT TO:<user@x>\r\nDATA\r\n.\r\nQUIT\r\n",
	    G HELO SENDER RCPT GO "452 4.3.1 Insufficient system storage\r\n" BYE, NULL, 0, 0 },
};
/* clang-format on */

static void
test_mails(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		fake.accepted = fake.aborted = 0;
		expect("smtp", STRANGER, mails[i].in, mails[i].out);
		assert_int_equal(fake.accepted, mails[i].accepted);
		assert_int_equal(fake.aborted, mails[i].aborted);
		if (mails[i].message != NULL)
			assert_string_equal(
			    behind_received(), mails[i].message);
	}
}

static void
test_lmtp(void **state)
{
	const char *got = fake_talk("lmtp", STRANGER,
	    SLICE("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user1@x>\r\n"
		  "RCPT TO:<no@x>\r\nRCPT TO:<user2@x>\r\nDATA\r\n.\r\n"
		  "QUIT\r\n"));
	const char *at = strstr(got, "354");

	(void)state;
	assert_non_null(at);
	assert_string_equal(at,
	    GO "250 2.0.0 <user1@x> Ok: queued as QID\r\n"
	       "250 2.0.0 <user2@x> Ok: queued as QID\r\n" BYE);
	assert_string_equal(buf_cstr(&fake.rcpts), "user1@x user2@x ");
}

/* A local user's program may leave much out. */
static void
test_local(void **state)
{
	const char *p;

	(void)state;
	expect("smtp", "local",
	    "EHLO c\r\nMAIL FROM:<root>\r\nRCPT TO:<user>\r\nDATA\r\n"
	    "Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n",
	    G
	    "250-h.example\r\n250-PIPELINING\r\n250-SIZE 102400\r\n"
	    "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n" EXTENSIONS
		SENDER RCPT GO QUEUED BYE);
	assert_string_equal(fake.sender, "root@local.example");
	assert_string_equal(buf_cstr(&fake.rcpts), "user@local.example ");
	p = behind_received();
	assert_true(strncmp(p, "Subject: x\r\nDate: ", 18) == 0);
	assert_non_null(strstr(p,
	    "\r\nMessage-ID: <QID@h.example>\r\nFrom: <root@local.example>"
	    "\r\n\r\ny\r\n"));
}

/* clang-format off */
static const struct {
	const char *rcpts, *begin, *again; /* AGAIN that often */
	unsigned times;
	bool recorded;
} records[] = {
	{ "RCPT TO:<user>\r\n",  "A: b\r\n\r\nc\r\n", "", 0, true },
	{ "RCPT TO:<alias>\r\n", "",                    "", 0, true },
	{ "RCPT TO:<a@far.example>\r\n", "A: b\r\n",    "", 0, false },
	{ "RCPT TO:<a@far.example>\r\nRCPT TO:<user>\r\n",
	    "Content-Type: multipart/mixed; boundary=x\r\n\r\n",
	    "--x\r\n\r\n..a\r\n", 3, true },
	/* too many parts, too deep, a field too long */
	{ "RCPT TO:<user>\r\n",
	    "Content-Type: multipart/mixed; boundary=x\r\n\r\n",
	    "--x\r\n\r\n", 2000, false },
	{ "RCPT TO:<user>\r\n", "",
	    "Content-Type: message/rfc822\r\n\r\n", 30, false },
	{ "RCPT TO:<user>\r\n", "Subject: x\r\n",
	    " and so on and on and on and on and on\r\n", 1000, false },
};
/* clang-format on */

/* The structure of a message is found once, for whoever has a mailbox here; of
 * one that is beyond the limits nothing is told. */
static void
test_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		struct buf in = { .max = 1 << 20 };

		buf_addf(&in, "EHLO c\r\nMAIL FROM:<root>\r\n%sDATA\r\n%s",
		    records[i].rcpts, records[i].begin);
		for (unsigned n = 0; n < records[i].times; n++)
			buf_adds(&in, records[i].again);
		buf_adds(&in, ".\r\n");
		fake.accepted = 0;
		(void)fake_talk("smtp", "local", buf_slice(&in));
		assert_int_equal(fake.accepted, 1);
		assert_int_equal(fake.recorded, records[i].recorded);
		buf_fini(&in);
	}
}

/* Too large for the limit, or for every mailbox it is for. */
static void
test_size(void **state)
{
	static const size_t sizes[] = { 400, 600, 100 << 10, (100 << 10) + 2 };
	static const char *const replies[][2] = {
		{ QUEUED, QUEUED },
		{ "552 5.2.2 Message exceeds mailbox quota\r\n", QUEUED },
		{ "552 5.2.2 Message exceeds mailbox quota\r\n", QUEUED },
		{ "552 5.3.4 Message too large\r\n",
		    "552 5.3.4 Message too large\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int more = 0; more < 2; more++) {
			struct buf in = { .max = 1 << 20 };
			const char *got;

			buf_adds(&in, BEGIN "RCPT TO:<small@x>\r\n");
			if (more)
				buf_adds(&in, "RCPT TO:<user@x>\r\n");
			buf_adds(&in, "DATA\r\nA: b\r\n\r\n");
			for (size_t n = 8; n < sizes[i]; n += 2)
				buf_adds(&in, "\r\n");
			buf_adds(&in, ".\r\nQUIT\r\n");
			got = fake_talk("smtp", STRANGER, buf_slice(&in));
			got = strstr(got, "354");
			assert_non_null(got);
			got += sizeof GO - 1;
			assert_int_equal(strncmp(got, replies[i][more],
					     strlen(replies[i][more])),
			    0);
			buf_fini(&in);
		}
}

/* More recipients than fit: the rest is for another time. */
static void
test_many_recipients(void **state)
{
	struct buf in = { .max = 1 << 20 };
	const char *got, *p;
	unsigned ok = 0, later = 0;

	(void)state;
	buf_adds(&in, BEGIN);
	for (int i = 0; i < 150; i++)
		buf_addf(&in, "RCPT TO:<user%d@x>\r\n", i);
	buf_adds(&in, "DATA\r\n.\r\nQUIT\r\n");
	got = fake_talk("smtp", STRANGER, buf_slice(&in));
	for (p = got; (p = strstr(p, RCPT)) != NULL; p++)
		ok++;
	for (p = got; (p = strstr(p, "452 4.5.3")) != NULL; p++)
		later++;
	assert_int_equal(ok, 100);
	assert_int_equal(later, 50);
	assert_int_equal(fake.nrcpts, 100);
	assert_non_null(strstr(got, QUEUED BYE));
	buf_fini(&in);
}

/* ---- several sessions ---- */

/* A client that waits: its end of a new session's socket. */
static int
connect_from(const char *ip)
{
	struct addr peer;
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0);
	must(addr_parse(&peer, slice_str(ip), 1, NULL) == 0);
	front_accept(
	    fd[0], &smtpd_protocol_find("smtp")->front, &peer, true, true);
	return fd[1];
}

static void
say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* What came, as a string. */
static const char *
heard(int fd)
{
	static char text[4096];
	const ssize_t n = read(fd, text, sizeof text - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Run the loop for a few turns: all is there at once, nothing is waited for. */
static void
on_turns(struct ev_task *task)
{
	static int turns;

	if (++turns % 50 == 0)
		ev_stop();
	else
		ev_task_queue(task);
}

static void
run(void)
{
	struct ev_task task;

	ev_task_init(&task, on_turns);
	ev_task_queue(&task);
	ev_run();
}

static void
test_sessions_per_client(void **state)
{
	/* IPv6 clients count by /64, trusted ones not at all. */
	static const char *const ips[][3] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1" },
		{ "[2001:db8::1]", "[2001:db8::2]", "[2001:db8::3]" },
		{ "192.0.2.1", "192.0.2.1", "192.0.2.2" },
		{ "[2001:db8::1]", "[2001:db8::2]", "[2001:db8:0:1::]" },
		{ "127.0.0.1", "127.0.0.1", "127.0.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ips); i++) {
		int fds[3];

		for (int k = 0; k < 3; k++)
			fds[k] = connect_from(ips[i][k]);
		run();
		assert_string_equal(heard(fds[1]), G);
		assert_string_equal(
		    heard(fds[2]), i < 2 ? "421 4.7.0 h.example Too many "
					   "concurrent connections from your "
					   "address\r\n"
					 : G);
		for (int k = 0; k < 3; k++)
			close(fds[k]);
		run();
		assert_int_equal(fake.sessions, 0);
	}
}

/* Who speaks for others has no limit, they have. */
static void
test_sessions_of_xclient(void **state)
{
	int fds[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		fds[i] = connect_from(PROXY);
	run();
	for (int i = 0; i < 6; i++)
		assert_string_equal(heard(fds[i]), G);
	for (int i = 0; i < 6; i++)
		say(fds[i], i % 2 ? "XCLIENT ADDR=192.0.2.77\r\nNOOP\r\n"
				  : "XCLIENT ADDR=[UNAVAILABLE]\r\nNOOP\r\n");
	run();
	for (int i = 0; i < 6; i++)
		assert_string_equal(heard(fds[i]),
		    i < 4 ? G OK
			  : "421 4.7.0 h.example Too many concurrent "
			    "connections from your address\r\n");
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	run();
	assert_int_equal(fake.sessions, 0);
}

/* What a client says in one session after another, with limits of rates that
 * another test does not meet. */
static void
test_rates(void **state)
{
	static const char wait[] =
	    "450 4.7.1 Recipient rate limit exceeded, try again later\r\n";
	const struct smtpd_conf *was = smtpd_conf;
	struct smtpd_conf limited = *was;

	(void)state;
	limited.client_connection_rate_limit = 2;
	limited.client_message_rate_limit = 2;
	limited.client_recipient_rate_limit = 3;
	smtpd_conf = &limited;
	assert_string_equal(
	    fake_talk("smtp", "203.0.113.1",
		SLICE(BEGIN
		    "RCPT TO:<user1@x>\r\nRCPT TO:<user2@x>\r\nRSET\r\n"
		    "MAIL FROM:<>\r\nRCPT TO:<no@x>\r\nRCPT TO:<user3@x>\r\n"
		    "RSET\r\nMAIL FROM:<>\r\nQUIT\r\n")),
	    BEGUN RCPT RCPT OK SENDER
	    "550 5.1.1 No such user\r\n"
	    "450 4.7.1 Recipient rate limit exceeded, try again later\r\n" OK
	    "450 4.7.1 Message rate limit exceeded, try again later\r\n" BYE);
	/* another session, of the same client */
	limited.client_message_rate_limit = 0;
	assert_non_null(
	    strstr(fake_talk("smtp", "203.0.113.1",
		       SLICE(BEGIN "RCPT TO:<user1@x>\r\nQUIT\r\n")),
		wait));
	assert_string_equal(fake_talk("smtp", "203.0.113.1", SLICE("")),
	    "421 4.7.0 h.example Connection rate limit exceeded for your "
	    "address\r\n");
	/* others, and those who are trusted, notice nothing */
	assert_string_equal(
	    fake_talk("smtp", "203.0.113.2", SLICE("QUIT\r\n")), G BYE);
	for (int i = 0; i < 5; i++)
		assert_string_equal(
		    fake_talk("smtp", TRUSTED, SLICE("QUIT\r\n")), G BYE);
	smtpd_conf = was;
}

/* Attempts to authenticate count whether they are right or not. */
static void
test_auth_rate(void **state)
{
	const struct smtpd_conf *was = smtpd_conf;
	struct smtpd_conf limited = *was;
	const char *got;

	(void)state;
	limited.client_auth_rate_limit = 2;
	smtpd_conf = &limited;
	for (int i = 0; i < 3; i++) {
		got = fake_talk("submission", "198.51.100.9",
		    SLICE("EHLO c\r\nAUTH PLAIN AHVzZXIAc2VzYW1l\r\nQUIT\r\n"));
		assert_non_null(strstr(
		    got, i < 2 ? "235 2.7.0 "
			       : "454 4.7.0 Too many authentication attempts"));
	}
	smtpd_conf = was;
}

/* Idle sessions go at once; a message under way is taken to its end. */
static void
test_stop(void **state)
{
	const int idle = connect_from("192.0.2.1");
	const int busy = connect_from("192.0.2.2");

	(void)state;
	say(busy, BEGIN "RCPT TO:<user@x>\r\nDATA\r\nA: b\r\n");
	run();
	(void)heard(idle);
	assert_string_equal(heard(busy), BEGUN RCPT GO);
	front_stop();
	run();
	assert_string_equal(
	    heard(idle), "421 4.3.2 h.example Server shutting down\r\n");
	assert_string_equal(heard(busy), "");
	assert_true(front_busy());
	say(busy, "\r\n.\r\n");
	run();
	assert_string_equal(
	    heard(busy), QUEUED "421 4.3.2 h.example Server shutting down\r\n");
	close(idle);
	close(busy);
	run();
	assert_false(front_busy());
	assert_int_equal(fake.sessions, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks), cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_long_auth_line),
		cmocka_unit_test(test_auth), cmocka_unit_test(test_mails),
		cmocka_unit_test(test_lmtp), cmocka_unit_test(test_local),
		cmocka_unit_test(test_record), cmocka_unit_test(test_size),
		cmocka_unit_test(test_many_recipients),
		cmocka_unit_test(test_sessions_per_client),
		cmocka_unit_test(test_sessions_of_xclient),
		cmocka_unit_test(test_rates), cmocka_unit_test(test_auth_rate),
		cmocka_unit_test(
		    test_stop), /* the last: nothing starts again */
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
