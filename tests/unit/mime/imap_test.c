/* SPDX-License-Identifier: ISC */
#include "mime/imap.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mime/envelope.h"
#include "mime/imap_string.h"
#include "mime/parser.h"
#include "mime/part.h"

static void
test_strings(void **state)
{
	/* clang-format off */
	static const struct { struct slice in; const char *nstring, *astring; } rows[] = {
		{ { NULL, 0 },      "NIL",              "\"\"" },
		{ { "", 0 },        "\"\"",             "\"\"" },
		{ { "abc", 3 },     "\"abc\"",          "abc" },
		{ { "nil", 3 },     "\"nil\"",          "\"nil\"" },
		{ { "a b", 3 },     "\"a b\"",          "\"a b\"" },
		{ { "a\"b\\", 4 },  "\"a\\\"b\\\\\"",   "\"a\\\"b\\\\\"" },
		{ { "a]b", 3 },     "\"a]b\"",          "a]b" },
		{ { "a%", 2 },      "\"a%\"",           "\"a%\"" },
		{ { "\t", 1 },      "\"\t\"",           "\"\t\"" },
		{ { "\x7f", 1 },    "\"\x7f\"",         "\"\x7f\"" },
		{ { "a\r\nb", 4 },  "{4}\r\na\r\nb",    "{4}\r\na\r\nb" },
		{ { "\xc3\xa9", 2 }, "{2}\r\n\xc3\xa9", "{2}\r\n\xc3\xa9" },
		{ { "a\0b", 3 },    "{3}\r\na\x80" "b", "{3}\r\na\x80" "b" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;

		buf_init(&b, 100);
		imap_put_nstring(&b, rows[i].in);
		assert_string_equal(buf_cstr(&b), rows[i].nstring);
		buf_reset(&b);
		imap_put_astring(&b, rows[i].in);
		assert_string_equal(buf_cstr(&b), rows[i].astring);
		buf_fini(&b);
	}
}

static void
test_long_string(void **state)
{
	char text[2000];
	struct buf b;

	(void)state;
	memset(text, 'a', sizeof text);
	buf_init(&b, 3000);
	imap_put_string(&b, slice_of(text, sizeof text));
	assert_true(slice_starts(buf_slice(&b), SLICE("{2000}\r\naaa")));
	assert_int_equal(b.n, 2008);
	buf_fini(&b);
}

static void
test_envelopes(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		/* RFC 3501 8 */
		{ "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
		  "From: Terry Gray <gray@cac.washington.edu>\r\n"
		  "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
		  "To: imap@cac.washington.edu\r\n"
		  "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
		  "Message-Id: <B27397-0100000@cac.washington.edu>\r\n",
		  "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" "
		  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
		  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
		  "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
		  "((NIL NIL \"imap\" \"cac.washington.edu\")) "
		  "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) "
		  "NIL NIL \"<B27397-0100000@cac.washington.edu>\")" },
		{ "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
		/* empty is not absent; empty Sender and Reply-To are From */
		{ "Subject:\nFrom: a@b\nSender: \nReply-To: c@d\nTo:\nIn-Reply-To: \n",
		  "(NIL \"\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) NIL NIL NIL \"\" NIL)" },
		{ "To: undisclosed-recipients:;\nCc: g: a@b;\nBcc: <@x,@y:a@b>\n",
		  "(NIL NIL NIL NIL NIL ((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL)) "
		  "((NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)) ((NIL \"@x,@y\" \"a\" \"b\")) NIL NIL)" },
		{ "From: root\nSubject: a\n \"b\"\\\n",
		  "(NIL \"a \\\"b\\\"\\\\\" ((NIL NIL \"root\" \"\")) ((NIL NIL \"root\" \"\")) ((NIL NIL \"root\" \"\")) NIL NIL NIL NIL NIL)" },
		{ "Subject: \xea\xb0\x80\nDate: x\nSubject: two\n",
		  "(\"x\" {3}\r\n\xea\xb0\x80 NIL NIL NIL NIL NIL NIL NIL NIL)" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;

		buf_init(&b, 10000);
		mime_put_envelope(&b, slice_str(rows[i].in), 100);
		assert_string_equal(buf_cstr(&b), rows[i].want);
		buf_fini(&b);
	}
}

static void
assert_body(const struct mime_tree *t, bool extended, const char *want)
{
	struct buf b;

	buf_init(&b, 100000);
	imap_put_body(&b, t->root, extended);
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
}

static void
test_bodies(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *body, *structure; } rows[] = {
		{ "\n",
		  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)",
		  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)" },
		{ "Content-Type: text/plain\n\nhi\nho\n",
		  "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 8 2)",
		  "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 8 2 NIL NIL NIL NIL)" },
		{ "Content-Type: IMAGE/png; name=\"a b\"; x=\"\"\nContent-Transfer-Encoding: BASE64\n"
		  "Content-ID: <i@d>\nContent-Description: a \"pic\"\nContent-MD5: abc==\n"
		  "Content-Disposition: attachment; filename*0=a; filename*1=b\n"
		  "Content-Language: ko, en\nContent-Location: http://x/\n\nAAAA",
		  "(\"IMAGE\" \"png\" (\"name\" \"a b\" \"x\" \"\") \"<i@d>\" \"a \\\"pic\\\"\" \"BASE64\" 4)",
		  "(\"IMAGE\" \"png\" (\"name\" \"a b\" \"x\" \"\") \"<i@d>\" \"a \\\"pic\\\"\" \"BASE64\" 4 "
		  "\"abc==\" (\"attachment\" (\"filename\" \"ab\")) (\"ko\" \"en\") \"http://x/\")" },
		{ "Content-Type: multipart/mixed; boundary=x\nContent-Language: ko\nContent-Disposition: inline\n\n"
		  "--x\n\na\n--x\nContent-Type: text/html\n\nb\n--x--\n",
		  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0)"
		  "(\"text\" \"html\" NIL NIL NIL \"7bit\" 1 0) \"mixed\")",
		  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL)"
		  "(\"text\" \"html\" NIL NIL NIL \"7bit\" 1 0 NIL NIL NIL NIL) "
		  "\"mixed\" (\"boundary\" \"x\") (\"inline\" NIL) \"ko\" NIL)" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n",
		  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) \"mixed\")",
		  "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"x\") NIL NIL NIL)" },
		{ "Content-Type: message/rfc822\n\nSubject: s\n\nhi\n",
		  "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) "
		  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 1) 3)",
		  "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 18 (NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) "
		  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)" },
		{ "Content-Type: multipart/mixed\n\nhi",
		  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 2 0)",
		  "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 2 0 NIL NIL NIL NIL)" },
		{ "Content-Type: message/delivery-status\n\nhi",
		  "(\"message\" \"delivery-status\" NIL NIL NIL \"7bit\" 2)",
		  "(\"message\" \"delivery-status\" NIL NIL NIL \"7bit\" 2 NIL NIL NIL NIL)" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mime_tree *t = mime_parse(slice_str(rows[i].in), NULL);
		struct mime_tree *again;
		struct buf blob;

		assert_body(t, false, rows[i].body);
		assert_body(t, true, rows[i].structure);
		buf_init(&blob, 100000);
		mime_tree_put(&blob, t);
		again = mime_tree_get(buf_slice(&blob));
		assert_body(again, true, rows[i].structure);
		mime_tree_free(&t);
		mime_tree_free(&again);
		buf_fini(&blob);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_long_string),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
