/* SPDX-License-Identifier: ISC */
#include "smtpd/bdat.h"

#include "tests/unit/smtpd/talk.h"

static int
setup(void **state)
{
	(void)state;
	fake_init("hostname = h.example\ndomains = local.example\n"
		  "message_size_limit = 100K\n"
		  "cleartext_login_networks = 198.51.100.0/24\n",
	    "max_recipients = 100\n");
	return 0;
}

/* clang-format off */
#define CHUNKS   "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<user@x>\r\n"
#define CHUNKED  G EHLO SENDER RCPT
#define OCTETS(n) "250 2.0.0 " #n " octets received\r\n"
#define BARE     "550 5.6.11 Bare CR or LF not allowed\r\n"
#define REJECTED "503 5.5.1 Message was rejected, send RSET\r\n"
#define LARGE    "552 5.3.4 Message too large\r\n"

static const struct {
	const char *in, *out, *message;
	unsigned accepted, aborted;
} chunks[] = {
	{ CHUNKS "BDAT 11 LAST\r\nA: b\r\n\r\nc\r\nQUIT\r\n",
	    CHUNKED QUEUED BYE, "A: b\r\n\r\nc\r\n", 1, 0 },
	{ CHUNKS "bdat 3\r\nA: BDAT 7\r\nb\r\n\r\nc\rBDAT 1 last\r\n\nQUIT\r\n",
	    CHUNKED OCTETS(3) OCTETS(7) QUEUED BYE, "A: b\r\n\r\nc\r\n", 1, 0 },
	{ CHUNKS "BDAT 11\r\nA: b\r\n\r\nc\r\nNOOP\r\nBDAT 0 LAST\r\nQUIT\r\n",
	    CHUNKED OCTETS(11) OK QUEUED BYE, "A: b\r\n\r\nc\r\n", 1, 0 },
	{ CHUNKS "BDAT 0\r\nBDAT 0 LAST\r\nQUIT\r\n", CHUNKED OCTETS(0) QUEUED BYE, "", 1, 0 },
	{ CHUNKS "BDAT 0 LAST\r\nMAIL FROM:<>\r\n", CHUNKED QUEUED SENDER, "", 1, 0 },
	/* no dots, and a last line without its end */
	{ CHUNKS "BDAT 18 LAST\r\n..\r\n.\r\nQUIT\r\n..xxxQUIT\r\n",
	    CHUNKED QUEUED BYE, "\r\n..\r\n.\r\nQUIT\r\n..xxx\r\n", 1, 0 },
	{ CHUNKS "BDAT 4 LAST\r\nA: bQUIT\r\n", CHUNKED QUEUED BYE, "A: b\r\n", 1, 0 },
	{ CHUNKS "BDAT 1 LAST\r\nAQUIT\r\n", CHUNKED QUEUED BYE, "\r\nA\r\n", 1, 0 },
	/* a bare CR or LF, also where it stands at the end */
	{ CHUNKS "BDAT 10 LAST\r\nA: b\r\n\r\nc\nQUIT\r\n", CHUNKED BARE BYE, NULL, 0, 1 },
	{ CHUNKS "BDAT 10 LAST\r\nA: b\r\n\r\nc\rQUIT\r\n", CHUNKED BARE BYE, NULL, 0, 1 },
	{ CHUNKS "BDAT 9\r\nA: b\r\n\r\ncBDAT 1\r\n\rBDAT 1 LAST\r\nxQUIT\r\n",
	    CHUNKED OCTETS(9) OCTETS(1) BARE BYE, NULL, 0, 1 },
	/* what follows a refused chunk is thrown away */
	{ CHUNKS "BDAT 6\r\nA: b\nxBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    CHUNKED BARE REJECTED REJECTED SENDER BYE, NULL, 0, 1 },
	{ CHUNKS "BDAT 6\r\nA: b\nxMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    CHUNKED BARE "503 5.5.1 BDAT in progress, send RSET\r\n" OK SENDER BYE, NULL, 0, 1 },
	{ CHUNKS "BDAT 6\r\nA: b\r\nRSET\r\nMAIL FROM:<>\r\nQUIT\r\n",
	    CHUNKED OCTETS(6) OK SENDER BYE, NULL, 0, 1 },
	{ CHUNKS "BDAT 6\r\nA: b\r\nEHLO c\r\nQUIT\r\n", CHUNKED OCTETS(6) EHLO BYE, NULL, 0, 1 },
	{ CHUNKS "BDAT 6\r\nA: b\r\nBDAT 9", CHUNKED OCTETS(6), NULL, 0, 1 },
	/* DATA and BDAT do not mix */
	{ CHUNKS "BDAT 6\r\nA: b\r\nRCPT TO:<user@x>\r\nAUTH PLAIN\r\nDATA\r\n", CHUNKED OCTETS(6)
	    "503 5.5.1 BDAT in progress, send RSET\r\n503 5.5.1 BDAT in progress, send RSET\r\n"
	    "503 5.5.1 BDAT in progress, send RSET\r\n", NULL, 0, 1 },
	{ CHUNKS "DATA\r\nA: b\r\nBDAT 3 LAST\r\n.\r\nQUIT\r\n",
	    CHUNKED GO QUEUED BYE, "A: b\r\n\r\nBDAT 3 LAST\r\n", 1, 0 },
	/* out of order: the chunk is no command */
	{ "BDAT 6\r\nQUIT\r\nEHLO c\r\nBDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<>\r\nBDAT 6\r\nQUIT\r\n"
	    "RCPT TO:<no@x>\r\nBDAT 6\r\nQUIT\r\nRCPT TO:<user@x>\r\nQUIT\r\n",
	    G "503 5.5.1 Send EHLO first\r\n" EHLO "503 5.5.1 Need MAIL command\r\n" SENDER
	    "503 5.5.1 No valid recipients\r\n550 5.1.1 No such user\r\n503 5.5.1 No valid recipients\r\n" RCPT BYE,
	    NULL, 0, 0 },
	{ BEGIN "RCPT TO:<user@x>\r\nBDAT 6\r\nQUIT\r\nQUIT\r\n", BEGUN RCPT "503 5.5.1 Send EHLO first\r\n" BYE, NULL, 0, 0 },
	{ CHUNKS "BDAT 3 LAST\r\nA: BDAT 6 LAST\r\nQUIT\r\nQUIT\r\n", CHUNKED QUEUED "503 5.5.1 Need MAIL command\r\n" BYE,
	    "A: \r\n", 1, 0 },
	/* of unknown size: nobody knows what is a command */
	{ CHUNKS "BDAT\r\nQUIT\r\n", CHUNKED "501 5.5.4 Syntax: BDAT size [LAST]\r\n421 4.7.0 h.example Chunk of unknown size\r\n", NULL, 0, 0 },
	{ CHUNKS "BDAT 6\001\r\nQUIT\r\n", CHUNKED "500 5.5.2 Syntax error: control character in command\r\n421 4.7.0 h.example Chunk of unknown size\r\n", NULL, 0, 0 },
	{ CHUNKS "BDAT\t6 LAST\r\nQUIT\r\n", CHUNKED "500 5.5.1 Command not recognized\r\n421 4.7.0 h.example Chunk of unknown size\r\n", NULL, 0, 0 },
	{ CHUNKS "BDATA 6\r\nQUIT\r\n", CHUNKED "500 5.5.1 Command not recognized\r\n" BYE, NULL, 0, 0 },
	{ CHUNKS "BDAT 6 LASTS\r\nQUIT\r\n", CHUNKED "501 5.5.4 Syntax: BDAT size [LAST]\r\n421 4.7.0 h.example Chunk of unknown size\r\n", NULL, 0, 0 },
	/* sizes: of one chunk, of all, and of what is thrown away */
	{ CHUNKS "BDAT 102401 LAST\r\nQUIT\r\n", CHUNKED, NULL, 0, 0 },
	{ CHUNKS "BDAT 6\r\nA: b\r\nBDAT 102395\r\n", CHUNKED OCTETS(6), NULL, 0, 1 },
	/* qmgr's troubles */
	{ "EHLO c\r\nMAIL FROM:<nofile@x>\r\nRCPT TO:<user@x>\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nQUIT\r\n",
	    G EHLO SENDER RCPT "451 4.3.0 Queue manager unavailable\r\n" REJECTED BYE, NULL, 0, 0 },
	{ "EHLO c\r\nMAIL FROM:<nofile.full@x>\r\nRCPT TO:<user@x>\r\nBDAT 6 LAST\r\nQUIT\r\nMAIL FROM:<>\r\n",
	    G EHLO SENDER RCPT "452 4.3.1 Insufficient system storage\r\n" SENDER, NULL, 0, 0 },
	{ "EHLO c\r\nMAIL FROM:<lost@x>\r\nRCPT TO:<user@x>\r\nBDAT 6 LAST\r\nQUIT\r\nQUIT\r\n",
	    G EHLO SENDER RCPT "451 4.3.0 Queue file write error\r\n" BYE, NULL, 0, 0 },
};
/* clang-format on */

static void
test_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		fake.accepted = fake.aborted = 0;
		expect("smtp", STRANGER, chunks[i].in, chunks[i].out);
		assert_int_equal(fake.accepted, chunks[i].accepted);
		assert_int_equal(fake.aborted, chunks[i].aborted);
		if (chunks[i].message != NULL)
			assert_string_equal(
			    behind_received(), chunks[i].message);
	}
}

/* A message is the same however it is cut. */
static void
test_chunks_of_any_size(void **state)
{
	static const char good[] = "Subject: x\r\nReceived: from a\r\n\tby b"
				   "\r\n\r\n.\r\n..\r\n\r\nend";
	static const char bare[] = "Subject: x\r\n\r\na\r\r\nb\r\n";

	(void)state;
	for (size_t cut = 1; cut < 2 * sizeof good; cut++) {
		const bool is_good = cut % 2 == 0;
		const struct slice message = slice_str(is_good ? good : bare);
		struct buf in = { .max = 1 << 20 };
		const char *got;

		buf_adds(&in, CHUNKS);
		for (size_t at = 0; at < message.n; at += cut / 2 + 1) {
			const struct slice piece =
			    slice_sub(message, at, cut / 2 + 1);

			buf_addf(&in, "BDAT %zu%s\r\n%.*s", piece.n,
			    at + piece.n < message.n ? "" : " LAST",
			    SLICE_FMT(piece));
		}
		fake.accepted = 0;
		got = fake_talk("smtp", STRANGER, buf_slice(&in));
		assert_int_equal(fake.accepted, is_good);
		if (is_good)
			assert_int_equal(
			    strncmp(behind_received(), good, sizeof good - 1),
			    0);
		else
			assert_non_null(strstr(got, BARE));
		buf_fini(&in);
	}
}

/* What does not fit is read all the same, though not without end. */
static void
test_size_of_chunks(void **state)
{
	static const char too_much[] =
	    "421 4.7.0 h.example Too much data after a rejected message\r\n";
	static const char without[] =
	    "421 4.7.0 h.example Too much data without a message\r\n";
	static const struct {
		const char *rcpt;
		size_t first, last;
		const char *replies[2];
	} sizes[] = {
		{ "user", 102400, 0, { OCTETS(102400) QUEUED BYE } },
		{ "user", 2, 102400, { OCTETS(2) LARGE BYE } },
		{ "user", 0, 102402, { OCTETS(0) LARGE BYE } },
		{ "user", 102402, 2, { LARGE REJECTED BYE } },
		{ "user", 102402, 200000, { LARGE, too_much } },
		{ "user", 0, 300000, { OCTETS(0), too_much } },
		{ "no", 0, 300000,
		    { "503 5.5.1 No valid recipients\r\n", without } },
		{ "small", 0, 600,
		    { OCTETS(0) "552 5.2.2 Message exceeds mailbox "
				"quota\r\n" BYE } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct buf in = { .max = 1 << 20 };
		char want[256];
		const char *got;

		buf_addf(&in, "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<%s@x>\r\n",
		    sizes[i].rcpt);
		buf_addf(&in, "BDAT %zu\r\n", sizes[i].first);
		for (size_t n = 0; n < sizes[i].first; n += 2)
			buf_adds(&in, "\r\n");
		buf_addf(&in, "BDAT %zu LAST\r\n", sizes[i].last);
		for (size_t n = 0; n < sizes[i].last; n += 2)
			buf_adds(&in, "\r\n");
		buf_adds(&in, "QUIT\r\n");
		snprintf(want, sizeof want, "%s%s", sizes[i].replies[0],
		    sizes[i].replies[1] != NULL ? sizes[i].replies[1] : "");
		got = fake_talk("smtp", STRANGER, buf_slice(&in));
		assert_true(strlen(got) > strlen(want));
		assert_string_equal(got + strlen(got) - strlen(want), want);
		buf_fini(&in);
	}
}

/* Chunks that were on their way when the message was refused end no session,
 * unless there is no end to them. */
static void
test_many_refused(void **state)
{
	static const struct {
		unsigned times;
		const char *end;
	} rows[] = {
		{ 100, "503 5.5.1 No valid recipients\r\n" BYE },
		{ 200, "421 4.7.0 h.example Too many junk commands\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf in = { .max = 1 << 20 };
		const char *got;

		buf_adds(&in, "EHLO c\r\nMAIL FROM:<>\r\n");
		for (unsigned n = 0; n < rows[i].times; n++)
			buf_adds(&in, "BDAT 6\r\nQUIT\r\n");
		buf_adds(&in, "QUIT\r\n");
		got = fake_talk("smtp", STRANGER, buf_slice(&in));
		assert_true(slice_ends(slice_str(got), slice_str(rows[i].end)));
		buf_fini(&in);
	}
}

static void
test_chunks_lmtp(void **state)
{
	const char *got = fake_talk("lmtp", STRANGER,
	    SLICE("LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user1@x>\r\n"
		  "RCPT TO:<user2@x>\r\nBDAT 3\r\nA: BDAT 1 LAST\r\nb"
		  "MAIL FROM:<>\r\nRCPT TO:<user1@x>\r\nBDAT 1\r\n\n"
		  "BDAT 0 LAST\r\nMAIL FROM:<>\r\nRCPT TO:<user1@x>\r\n"
		  "RCPT TO:<user2@x>\r\nBDAT 1 LAST\r\n\nQUIT\r\n"));
	const char *at = strstr(got, "250 2.0.0 3 octets");

	(void)state;
	assert_non_null(at);
	assert_string_equal(at,
	    OCTETS(3) "250 2.0.0 <user1@x> Ok: queued as QID\r\n"
		      "250 2.0.0 <user2@x> Ok: queued as QID\r\n" SENDER RCPT
			  BARE REJECTED SENDER RCPT RCPT
		      "550 5.6.11 <user1@x> Bare CR or LF not "
		      "allowed\r\n"
		      "550 5.6.11 <user2@x> Bare CR or LF not "
		      "allowed\r\n" BYE);
}

/* clang-format off */
#define BINARY \
	"EHLO c\r\nMAIL FROM:<a@b.example> BODY=BINARYMIME\r\nRCPT TO:<user@x>\r\n"
#define MIXED(type) "Content-Type: multipart/" type "; boundary=b\r\n\r\n--b\r\n"
#define IN_BINARY "Content-Transfer-Encoding: binary\r\n\r\n"
#define IN_BASE64 "Content-Transfer-Encoding: base64\r\n\r\n"

static const struct {
	struct slice message; /* cut anywhere */
	const char *reply, *stored;
} binaries[] = {
	{ { MIXED("mixed") IN_BINARY "\0\n.\n\r\r\n--b--\r\n", 101 }, QUEUED,
	    MIXED("mixed") IN_BASE64 "AAouCg0=\r\n--b--\r\n" },
	{ { IN_BINARY "x", 38 }, QUEUED, IN_BASE64 "eA==\r\n" },
	/* without one that is said to be binary, the rules are the same */
	{ { "A: b\r\n\r\nc\r\n", 11 }, QUEUED, "A: b\r\n\r\nc\r\n" },
	{ { "A: b\r\n\r\nc\n", 10 }, BARE, NULL },
	{ { "A: b\r\n\r\n\0\r\n", 11 }, "554 5.6.0 NUL character in message\r\n", NULL },
	{ { "A: \n" IN_BINARY "x", 42 }, BARE, NULL },
	{ { MIXED("signed") IN_BINARY "x\r\n--b--\r\n", 98 },
	    "554 5.6.3 Binary content of a signed part cannot be converted\r\n", NULL },
};
/* clang-format on */

/* What is binary is stored as base 64, and is binary for BDAT alone. */
static void
test_binary(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(binaries); i++)
		for (size_t cut = 0; cut <= binaries[i].message.n; cut++) {
			const struct slice m = binaries[i].message;
			struct buf in = { .max = 1 << 20 };
			const char *got;

			fake.accepted = 0;
			buf_addf(&in, BINARY "BDAT %zu\r\n", cut);
			buf_add(&in, slice_sub(m, 0, cut));
			buf_addf(&in, "BDAT %zu LAST\r\n", m.n - cut);
			buf_add(&in, slice_from(m, cut));
			got = fake_talk("smtp", STRANGER, buf_slice(&in));
			assert_non_null(strstr(got, binaries[i].reply));
			assert_int_equal(
			    fake.accepted, binaries[i].stored != NULL);
			if (binaries[i].stored != NULL) {
				assert_true(fake.recorded);
				assert_string_equal(
				    behind_received(), binaries[i].stored);
			}
			buf_fini(&in);
		}
	expect("smtp", STRANGER, BINARY "DATA\r\nBDAT 0 LAST\r\nQUIT\r\n",
	    CHUNKED "503 5.5.1 BINARYMIME requires BDAT\r\n"
		    "421 4.7.0 h.example Improper command pipelining after "
		    "DATA\r\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_chunks_of_any_size),
		cmocka_unit_test(test_size_of_chunks),
		cmocka_unit_test(test_many_refused),
		cmocka_unit_test(test_chunks_lmtp),
		cmocka_unit_test(test_binary),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
