/* SPDX-License-Identifier: ISC */
#include "smtp/reply.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/mem.h"

static void
test_feed(void **state)
{
	static const struct {
		const char *in;
		enum smtp_reply_end end;
		unsigned code;
		const char *text, *left;
	} rows[] = {
		{ "250 ok\r\n", SMTP_REPLY_DONE, 250, "ok\n", "" },
		{ "250 ok\n", SMTP_REPLY_DONE, 250, "ok\n", "" },
		{ "250\r\n", SMTP_REPLY_DONE, 250, "\n", "" },
		{ "250 a\r\n354 b\r\n", SMTP_REPLY_DONE, 250, "a\n",
		    "354 b\r\n" },
		{ "250-a\r\n250-b\r\n250 c\r\n", SMTP_REPLY_DONE, 250,
		    "a\nb\nc\n", "" },
		{ "250-\r\n250 \r\n", SMTP_REPLY_DONE, 250, "\n\n", "" },
		/* the last line's code is the one that counts */
		{ "250-a\r\n550 b\r\n", SMTP_REPLY_DONE, 550, "a\nb\n", "" },
		{ "250 a\x01\x7f\tb\r\n", SMTP_REPLY_DONE, 250, "a?? b\n", "" },
		{ "250 ok\r", SMTP_REPLY_MORE, 0, "", "250 ok\r" },
		{ "250-a\r\n25", SMTP_REPLY_MORE, 250, "a\n", "25" },
		{ "", SMTP_REPLY_MORE, 0, "", "" },
		{ "25 ok\r\n", SMTP_REPLY_BAD, 0, "", "" },
		{ "2500 ok\r\n", SMTP_REPLY_BAD, 0, "", "" },
		{ "250ok\r\n", SMTP_REPLY_BAD, 0, "", "" },
		{ "199 ok\r\n", SMTP_REPLY_BAD, 0, "", "" },
		{ "600 ok\r\n", SMTP_REPLY_BAD, 0, "", "" },
		{ "\r\n", SMTP_REPLY_BAD, 0, "", "" },
		{ "* OK IMAP4\r\n", SMTP_REPLY_BAD, 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice in = slice_str(rows[i].in);
		struct smtp_reply r;
		enum smtp_reply_end end;

		smtp_reply_init(&r);
		end = smtp_reply_feed(&r, &in);
		if (end != rows[i].end)
			fail_msg("row %zu: %d", i, end);
		if (end != SMTP_REPLY_BAD) {
			assert_int_equal(r.code, rows[i].code);
			assert_true(slice_is(buf_slice(&r.text), rows[i].text));
			assert_true(slice_is(in, rows[i].left));
		}
		smtp_reply_fini(&r);
	}
}

/* A server that never comes to an end is cut off, however it goes about it. */
static void
test_endless(void **state)
{
	struct smtp_reply r;
	struct buf line;
	struct slice in;
	unsigned lines = 0;

	(void)state;
	smtp_reply_init(&r);
	do {
		in = SLICE("250-and another thing\r\n");
		assert_true(++lines < 1000);
	} while (smtp_reply_feed(&r, &in) == SMTP_REPLY_MORE);
	assert_int_equal(lines, SMTP_REPLY_LINES_MAX + 1);
	smtp_reply_reset(&r);

	buf_init(&line, 10000);
	buf_adds(&line, "250 ");
	while (line.n <= SMTP_REPLY_LINE_MAX)
		buf_addc(&line, 'x');
	in = buf_slice(&line);
	assert_int_equal(smtp_reply_feed(&r, &in), SMTP_REPLY_BAD);
	smtp_reply_reset(&r);

	buf_truncate(&line, SMTP_REPLY_LINE_MAX - 10);
	line.p[3] = '-';
	buf_adds(&line, "\r\n");
	for (lines = 0;; lines++) {
		in = buf_slice(&line);
		if (smtp_reply_feed(&r, &in) != SMTP_REPLY_MORE)
			break;
	}
	assert_int_equal(lines, SMTP_REPLY_TEXT_MAX / SMTP_REPLY_LINE_MAX);
	smtp_reply_fini(&r);
	buf_fini(&line);
}

static void
test_dsn(void **state)
{
	static const struct {
		const char *in, *dsn, *line;
	} rows[] = {
		{ "550 5.1.1 no such user\r\n", "5.1.1",
		    "550 5.1.1 no such user" },
		{ "550 no such user\r\n", "5.0.0", "550 no such user" },
		{ "550 4.1.1 liar\r\n", "5.0.0", "550 4.1.1 liar" },
		{ "450 4.123.456 x\r\n", "4.123.456", "450 4.123.456 x" },
		{ "450 4.1234.1 x\r\n", "4.0.0", "450 4.1234.1 x" },
		{ "450 4.7.1: x\r\n", "4.0.0", "450 4.7.1: x" },
		{ "250 2.0.0\r\n", "2.0.0", "250 2.0.0" },
		{ "250-2.1.5 one\r\n250 2.1.5 two\r\n", "2.1.5",
		    "250 2.1.5 one 2.1.5 two" },
		{ "421\r\n", "4.0.0", "421 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice in = slice_str(rows[i].in);
		char dsn[SMTP_DSN_SIZE], line[100];
		struct smtp_reply r;

		smtp_reply_init(&r);
		assert_int_equal(smtp_reply_feed(&r, &in), SMTP_REPLY_DONE);
		smtp_reply_dsn(&r, dsn);
		assert_string_equal(dsn, rows[i].dsn);
		smtp_reply_line(&r, line, sizeof line);
		assert_string_equal(line, rows[i].line);
		smtp_reply_line(&r, line, 5);
		assert_int_equal(strlen(line), 4);
		smtp_reply_fini(&r);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feed),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_dsn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
