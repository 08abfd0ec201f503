/* SPDX-License-Identifier: ISC */
#include "smtpd/scan.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

#define X10   "xxxxxxxxxx"
#define X50   X10 X10 X10 X10 X10
#define X100  X50 X50
#define X500  X100 X100 X100 X100 X100
#define X1000 X500 X500
#define HEAD  "Subject: x\r\n\r\n"

/* What a scan of everything gives.  "{H}" in OUT is where on_header ran. */
struct result {
	struct smtpd_scan scan;
	struct buf out, field;
};

static void
on_bytes(struct smtpd_scan *sc, struct slice bytes)
{
	buf_add(&OUTER(sc, struct result, scan)->out, bytes);
}

static void
on_header(struct smtpd_scan *sc)
{
	buf_adds(&OUTER(sc, struct result, scan)->out, "{H}");
}

enum { NORMALISE = 1, STRIP = 2, SHORT = 4, WATCH = 8 };

static bool
is_forged(struct smtpd_scan *sc, struct slice field)
{
	(void)sc;
	return memmem(field.p, field.n, "forged", 6) != NULL;
}

static void
start(struct result *r, unsigned how)
{
	buf_init(&r->out, 1 << 20);
	buf_init(&r->field, 1 << 20);
	smtpd_scan_init(&r->scan, on_bytes, on_header);
	r->scan.normalise = (how & NORMALISE) != 0;
	r->scan.strip_bcc = (how & STRIP) != 0;
	if ((how & WATCH) != 0) {
		r->scan.watched = "X-R";
		r->scan.field = &r->field;
		r->scan.is_unwanted = is_forged;
	}
	r->scan.line_max = (how & SHORT) != 0 ? 20 : 0;
}

/* Feed IN as the stream does: what was not taken comes again, in a place of
 * its own size so that ASan sees every step beyond.  Gives the bytes taken. */
static size_t
feed(struct result *r, struct slice in, const size_t *cuts, size_t ncuts)
{
	size_t taken = 0;

	for (size_t i = 0; i <= ncuts && !r->scan.ended; i++) {
		const size_t upto = i < ncuts ? cuts[i] : in.n;
		const size_t n = upto - taken;
		char *copy = xmalloc(n + 1);
		size_t got;

		memcpy(copy, in.p + taken, n);
		got = smtpd_scan(&r->scan, slice_of(copy, n));
		assert_true(got <= n);
		/* What is held back is little, so that the stream never fills.
		 */
		assert_true(r->scan.ended || n - got < SMTPD_SCAN_HELD_MAX);
		taken += got;
		free(copy);
	}
	return taken;
}

/* clang-format off */
static const struct {
	const char *in;
	const char *out;
	unsigned how, faults, received, fields;
} messages[] = {
	/* ends, dots: RFC 5321 4.5.2 */
	{ ".\r\n",                           "{H}", 0, 0, 0, 0 },
	{ HEAD ".\r\n",                      "Subject: x\r\n{H}\r\n", 0, 0, 0, 0 },
	{ HEAD "a\r\n.\r\n",                 "Subject: x\r\n{H}\r\na\r\n", 0, 0, 0, 0 },
	{ HEAD "..\r\n.\r\n",                "Subject: x\r\n{H}\r\n.\r\n", 0, 0, 0, 0 },
	{ HEAD "..a\r\n.b\r\n.\r\n",         "Subject: x\r\n{H}\r\n.a\r\nb\r\n", 0, 0, 0, 0 },
	{ HEAD "...\r\n\r\n.\r\n",           "Subject: x\r\n{H}\r\n..\r\n\r\n", 0, 0, 0, 0 },
	{ HEAD "a.\r\n.\r\n",                "Subject: x\r\n{H}\r\na.\r\n", 0, 0, 0, 0 },
	{ "..Subject: x\r\n\r\n.\r\n",       ".Subject: x\r\n{H}\r\n", 0, 0, 0, 0 },
	/* header only, no header, text right behind it */
	{ "Subject: x\r\n.\r\n",             "Subject: x\r\n{H}", 0, 0, 0, 0 },
	{ "\r\nbody\r\n.\r\n",               "{H}\r\nbody\r\n", 0, 0, 0, 0 },
	{ "body\r\n.\r\n",                   "{H}\r\nbody\r\n", 0, 0, 0, 0 },
	{ " body\r\n.\r\n",                  "{H}\r\n body\r\n", 0, 0, 0, 0 },
	{ "..body\r\n.\r\n",                 "{H}\r\n.body\r\n", 0, 0, 0, 0 },
	/* a line of an mbox, in front only */
	{ "From me Mon\r\nA: b\r\n.\r\n",    "X-Mailbox-Line: From me Mon\r\nA: b\r\n{H}", 0, 0, 0, 0 },
	{ ">From me\r\n>>From you\r\nA: b\r\n\r\nFrom x\r\n.\r\n",
	    "X-Mailbox-Line: >From me\r\nX-Mailbox-Line: >>From you\r\nA: b\r\n{H}\r\nFrom x\r\n", 0, 0, 0, 0 },
	{ "A: b\r\nFrom me\r\n.\r\n",       "A: b\r\n{H}\r\nFrom me\r\n", 0, 0, 0, 0 },
	{ "From : me\r\n.\r\n",             "From : me\r\n{H}", 0, 0, 0, SMTPD_SCAN_FROM },
	{ "from me\r\n.\r\n",               "{H}\r\nfrom me\r\n", 0, 0, 0, 0 },
	{ "From\r\n.\r\n",                  "{H}\r\nFrom\r\n", 0, 0, 0, 0 },
	{ "Fromage a b\r\n.\r\n",           "{H}\r\nFromage a b\r\n", 0, 0, 0, 0 },
	{ "A: b\r\n c\r\n\td\r\ntext\r\n.\r\n", "A: b\r\n c\r\n\td\r\n{H}\r\ntext\r\n", 0, 0, 0, 0 },
	{ "A : b\r\n\r\n.\r\n",              "A : b\r\n{H}\r\n", 0, 0, 0, 0 },
	{ X50 ": b\r\n\r\n.\r\n",            X50 ": b\r\n{H}\r\n", 0, 0, 0, 0 },
	{ X50 "  \t : b\r\n\r\n.\r\n",      X50 "  \t : b\r\n{H}\r\n", 0, 0, 0, 0 },
	{ "A: b\r\nxx" X10 X10 " is text\r\n.\r\n", "A: b\r\n{H}\r\nxx" X10 X10 " is text\r\n", 0, 0, 0, 0 },
	{ "A: b\r\nxxx" X10 X10 " is text\r\n.\r\n", "A: b\r\n{H}\r\nxxx" X10 X10 " is text\r\n", 0, 0, 0, 0 },
	{ "A: b\r\n" X50 X50 "\r\n.\r\n",    "A: b\r\n{H}\r\n" X50 X50 "\r\n", 0, 0, 0, 0 },
	{ X100 "\r\n.\r\n",                 "{H}\r\n" X100 "\r\n", 0, 0, 0, 0 },
	{ X1000 ": b\r\n.\r\n",             "{H}\r\n" X1000 ": b\r\n", 0, 0, 0, 0 },
	/* fields */
	{ "Date: 1\r\nFROM:x\r\n\r\n.\r\n",  "Date: 1\r\nFROM:x\r\n{H}\r\n", 0, 0, 0,
	    SMTPD_SCAN_DATE | SMTPD_SCAN_FROM },
	{ "message-id :1\r\n.\r\n",          "message-id :1\r\n{H}", 0, 0, 0, SMTPD_SCAN_MESSAGE_ID },
	{ "Received: 1\r\nreceived:2\r\nX-Received: 3\r\n\r\nReceived: 4\r\n.\r\n",
	    "Received: 1\r\nreceived:2\r\nX-Received: 3\r\n{H}\r\nReceived: 4\r\n", 0, 0, 2, 0 },
	{ "A: b\r\n Date: 1\r\n.\r\n",       "A: b\r\n Date: 1\r\n{H}", 0, 0, 0, 0 },
	/* mail that can wait */
	{ "Precedence: bulk\r\n\r\n.\r\n", NULL, 0, 0, 0, SMTPD_SCAN_BULK },
	{ "precedence :\tLIST \r\n\r\n.\r\n", NULL, 0, 0, 0, SMTPD_SCAN_BULK },
	{ "Precedence:junk\r\n.\r\n", NULL, 0, 0, 0, SMTPD_SCAN_BULK },
	{ "Precedence: first-class\r\n\r\n.\r\n", NULL, 0, 0, 0, 0 },
	{ "Precedence: bulky\r\n\r\n.\r\n", NULL, 0, 0, 0, 0 },
	{ "Precedence:\r\n bulk\r\n\r\n.\r\n", NULL, 0, 0, 0, 0 },
	{ "Precedence: " X100 "\r\n\r\n.\r\n", NULL, 0, 0, 0, 0 },
	{ "X-Precedence: bulk\r\n\r\nPrecedence: bulk\r\n.\r\n", NULL, 0, 0, 0, 0 },
	{ "Date: 1\r\nList-ID: <l.a.test>\r\n\r\n.\r\n", NULL, 0, 0, 0,
	    SMTPD_SCAN_BULK | SMTPD_SCAN_DATE },
	{ "List-Post: x\r\n\r\n.\r\n", NULL, 0, 0, 0, 0 },
	{ "Precedence: bulk\nA: b\n\n\r\n.\r\n", NULL, NORMALISE, 0, 0, SMTPD_SCAN_BULK },
	/* Bcc */
	{ "A: b\r\nBcc: c\r\n\r\n.\r\n",     "A: b\r\nBcc: c\r\n{H}\r\n", 0, 0, 0, 0 },
	{ "A: b\r\nBcc: c\r\n d\r\nE: f\r\n\r\nBcc: g\r\n.\r\n",
	    "A: b\r\nE: f\r\n{H}\r\nBcc: g\r\n", STRIP, 0, 0, 0 },
	{ "bcc:\r\n.\r\n",                   "{H}", STRIP, 0, 0, 0 },
	{ "BCC: x\r\ntext\r\n.\r\n",         "{H}\r\ntext\r\n", STRIP, 0, 0, 0 },
	{ "Bcc: x\r\n\r\n..\r\n.\r\n",       "{H}\r\n.\r\n", STRIP, 0, 0, 0 },
	/* a field whose value tells whether it stays */
	{ "A: b\r\nX-R: a\r\n forged\r\nE: f\r\n\r\n.\r\n", "A: b\r\nE: f\r\n{H}\r\n", WATCH, 0, 0, 0 },
	{ "x-r :a\r\n\tb\r\nE: f\r\n.\r\n", "x-r :a\r\n\tb\r\nE: f\r\n{H}", WATCH, 0, 0, 0 },
	{ "X-R: forged\r\n.\r\n",          "{H}", WATCH, 0, 0, 0 },
	{ "X-R: forged\r\ntext\r\n.\r\n", "{H}\r\ntext\r\n", WATCH, 0, 0, 0 },
	{ "X-R: 1\r\nX-R: forged\r\nX-R: 2\r\n\r\nX-R: forged\r\n.\r\n",
	    "X-R: 1\r\nX-R: 2\r\n{H}\r\nX-R: forged\r\n", WATCH, 0, 0, 0 },
	{ "Bcc: a\r\nX-R: 1\r\nBcc: forged\r\nX-R: forged\r\nBcc: b\r\n.\r\n",
	    "X-R: 1\r\n{H}", WATCH | STRIP, 0, 0, 0 },
	{ "X-R: a\n forged\nE: f\n\nc\r\n.\r\n", "E: f\r\n{H}\r\nc\r\n", WATCH | NORMALISE, 0, 0, 0 },
	/* no line end but CRLF counts: nothing is smuggled in behind */
	{ HEAD "a\n.\nb\r\n.\r\n",           NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\r\n.\nb\r\n.\r\n",         NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\n.\r\nb\r\n.\r\n",         NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\r.\rb\r\n.\r\n",           NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\r\n.\rb\r\n.\r\n",         NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\r.\r\nb\r\n.\r\n",         NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\r\r\n.\r\n",               NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\r\n.\r\r\nb\r\n.\r\n",     NULL, 0, SMTPD_SCAN_BARE, 0, 0 },
	{ HEAD "a\n.\nb\r\n.\r\n",  "Subject: x\r\n{H}\r\na\r\n.\r\nb\r\n", NORMALISE, 0, 0, 0 },
	{ HEAD "a\r\n.\nb\r\n.\r\n", "Subject: x\r\n{H}\r\na\r\n\r\nb\r\n", NORMALISE, 0, 0, 0 },
	{ HEAD "a\n.\r\nb\r\n.\r\n", "Subject: x\r\n{H}\r\na\r\n.\r\nb\r\n", NORMALISE, 0, 0, 0 },
	{ HEAD "a\n..\r\n.\r\n",    "Subject: x\r\n{H}\r\na\r\n..\r\n", NORMALISE, 0, 0, 0 },
	{ HEAD "a\r.\rb\r\n.\r\n",  "Subject: x\r\n{H}\r\na\r\n.\r\nb\r\n", NORMALISE, 0, 0, 0 },
	{ "A: b\nDate: 1\n\nc\r\n.\r\n", "A: b\r\nDate: 1\r\n{H}\r\nc\r\n", NORMALISE, 0, 0, SMTPD_SCAN_DATE },
	/* lengths: with CRLF, without the dot that was stuffed */
	{ HEAD "123456789012345678\r\n.\r\n", "Subject: x\r\n{H}\r\n123456789012345678\r\n", SHORT, 0, 0, 0 },
	{ HEAD "..23456789012345678\r\n.\r\n", "Subject: x\r\n{H}\r\n.23456789012345678\r\n", SHORT, 0, 0, 0 },
	{ HEAD "1234567890123456789\r\n.\r\n", NULL, SHORT, SMTPD_SCAN_LONG, 0, 0 },
	{ "Subject: " X50 "\r\n\r\n.\r\n",   NULL, SHORT, SMTPD_SCAN_LONG, 0, 0 },
};
/* clang-format on */

static void
check(size_t i, const size_t *cuts, size_t ncuts)
{
	const struct slice in = slice_str(messages[i].in);
	struct result r;

	start(&r, messages[i].how);
	assert_int_equal(feed(&r, in, cuts, ncuts), in.n);
	assert_true(r.scan.ended);
	assert_int_equal(r.scan.faults, messages[i].faults);
	assert_int_equal(r.scan.received, messages[i].received);
	assert_int_equal(r.scan.fields, messages[i].fields);
	if (messages[i].out != NULL) {
		assert_string_equal(buf_cstr(&r.out), messages[i].out);
		assert_int_equal(r.scan.size, r.out.n - 3);
	}
	buf_fini(&r.field);
	buf_fini(&r.out);
}

static void
test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		check(i, NULL, 0);
}

/* However the network cuts a message, it is the same message. */
static void
test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const size_t n = strlen(messages[i].in);

		for (size_t a = 0; a < n; a++)
			for (size_t b = a; b < n; b++) {
				const size_t cuts[] = { a, b };

				check(i, cuts, 2);
			}
	}
}

static void
test_byte_by_byte(void **state)
{
	size_t cuts[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
		cuts[i] = i;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		check(i, cuts, strlen(messages[i].in));
}

/* What stands behind the end belongs to somebody else. */
static void
test_stops_at_the_end(void **state)
{
	const struct slice in = SLICE(HEAD "a\r\n.\r\nQUIT\r\n");
	struct result r;

	(void)state;
	start(&r, 0);
	assert_int_equal(feed(&r, in, NULL, 0), in.n - 6);
	assert_true(r.scan.ended);
	buf_fini(&r.out);
}

static void
test_nul(void **state)
{
	static const struct slice in[] = {
		{ "A: b\r\n\r\n\0\r\n.\r\n", 14 },
		{ "A\0: b\r\n\r\n.\r\n", 12 },
		{ "\0\r\n.\r\n", 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		for (size_t cut = 0; cut < in[i].n; cut++) {
			struct result r;

			start(&r, 0);
			feed(&r, in[i], &cut, 1);
			assert_true(r.scan.ended);
			assert_int_equal(r.scan.faults, SMTPD_SCAN_NUL);
			buf_fini(&r.out);
		}
}

/* Nothing but the end ends it. */
static void
test_unended(void **state)
{
	static const char *const in[] = { "", ".", ".\r", ".\n", ".\r\r\n",
		"a\r\n.", "a\r\n.\r", "a\n.\n", "a\r\n. \r\n", "a\r\n.\t\r\n",
		"a\r\n\n.\r\n", "a\r\n\r.\r\n", "a.\r\n", " .\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		for (unsigned how = 0; how <= NORMALISE; how++) {
			struct result r;

			start(&r, how);
			feed(&r, slice_str(in[i]), NULL, 0);
			assert_false(r.scan.ended);
			buf_fini(&r.out);
		}
}

/* The Message-ID of IN, in whatever pieces it comes. */
static void
check_id(const char *in, const char *want)
{
	const size_t n = strlen(in);

	for (size_t cut = 0; cut <= n; cut++) {
		struct result r;

		start(&r, STRIP);
		feed(&r, slice_str(in), &cut, 1);
		assert_true(r.scan.ended);
		if (!slice_is(smtpd_msgid_text(&r.scan.id), want))
			fail_msg("%s: %.*s, not %s", in,
			    SLICE_FMT(smtpd_msgid_text(&r.scan.id)), want);
		buf_fini(&r.out);
	}
}

static void
test_message_id(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in, *id;
	} rows[] = {
		{ "Message-ID: <a@b>\r\n\r\nx\r\n.\r\n",             "<a@b>" },
		{ "MESSAGE-id:<a@b>\r\nTo: x\r\n.\r\n",               "<a@b>" },
		{ "Message-ID :\t<a@b> \r\n.\r\n",                    "<a@b>" },
		/* folded, which is common */
		{ "Message-ID:\r\n <a@b>\r\nTo: x\r\n.\r\n",         "<a@b>" },
		{ "Message-ID: \r\n\t\r\n <a@b>\r\n.\r\n",          "<a@b>" },
		{ "A: b\r\nMessage-ID: <a@b>\r\nC: d\r\n\r\n.\r\n",  "<a@b>" },
		/* the first one */
		{ "Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n.\r\n",   "<a@b>" },
		{ "Message-ID:\r\nMessage-ID: <c@d>\r\n.\r\n",         "" },
		{ "Resent-Message-ID: <c@d>\r\n.\r\n",                 "" },
		{ "X: y\r\n\r\nMessage-ID: <c@d>\r\n.\r\n",          "" },
		{ "Bcc: x\r\n Message-ID: <c@d>\r\n.\r\n",            "" },
		/* whatever else stands there */
		{ "Message-ID: a@b\r\n.\r\n",                          "a@b" },
		{ "Message-ID: <a@b><c@d>\r\n.\r\n",                   "<a@b>" },
		{ "Message-ID: <a@b> (x)\r\n <c@d>\r\n.\r\n",         "<a@b>" },
		{ "Message-ID: <a\r\n b@c>\r\n.\r\n",                 "<a" },
		{ "Message-ID: \r\n.\r\n",                             "" },
		{ "Message-ID:\r\n\r\n.\r\n",                         "" },
		{ "Message-ID:\r\n. <a@b>\r\n.\r\n",                  "<a@b>" },
		{ "Message-ID: <" X100 X100 X50 "@x.yz>\r\n.\r\n",
		  "<" X100 X100 X50 "@x.y" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_id(rows[i].in, rows[i].id);
}

/* clang-format off */
static const struct {
	const char *in;
	const char *out;
	unsigned how, faults;
} counted[] = {
	{ "",                         "{H}", 0, 0 },
	{ ".\r\n",                    "{H}\r\n.\r\n", 0, 0 },
	{ HEAD "..\r\n.\r\n.\r\n",    "Subject: x\r\n{H}\r\n..\r\n.\r\n.\r\n", 0, 0 },
	{ HEAD "a\r\n.",              "Subject: x\r\n{H}\r\na\r\n.\r\n", 0, 0 },
	{ "Subject",                  "{H}\r\nSubject\r\n", 0, 0 },
	{ "Subject:",                 "Subject:\r\n{H}", 0, 0 },
	{ "Subject: x\r\n",           "Subject: x\r\n{H}", 0, 0 },
	{ HEAD "a\r",                 NULL, 0, SMTPD_SCAN_BARE },
	{ HEAD "a\n",                 NULL, 0, SMTPD_SCAN_BARE },
	{ HEAD "\r",                  NULL, 0, SMTPD_SCAN_BARE },
	{ HEAD "a\n.\nb",             "Subject: x\r\n{H}\r\na\r\n.\r\nb\r\n", NORMALISE, 0 },
	{ HEAD "a\n",                 "Subject: x\r\n{H}\r\na\r\n", NORMALISE, 0 },
	{ "From me Mon",              "X-Mailbox-Line: From me Mon\r\n{H}", 0, 0 },
};
/* clang-format on */

/* A message of BDAT: dots mean nothing, who feeds it tells its end. */
static void
test_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
		const struct slice in = slice_str(counted[i].in);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct result r;
			size_t n;

			start(&r, counted[i].how);
			r.scan.counted = true;
			n = feed(&r, in, &cut, 1);
			assert_false(r.scan.ended);
			smtpd_scan_end(&r.scan, slice_from(in, n));
			assert_true(r.scan.ended);
			assert_int_equal(r.scan.faults, counted[i].faults);
			if (counted[i].out != NULL)
				assert_string_equal(
				    buf_cstr(&r.out), counted[i].out);
			buf_fini(&r.out);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_stops_at_the_end),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_unended),
		cmocka_unit_test(test_message_id),
		cmocka_unit_test(test_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
