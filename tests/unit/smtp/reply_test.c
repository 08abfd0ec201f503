/* SPDX-License-Identifier: ISC */
#include "smtp/session/reply.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

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
		{ "550-a\r\nno code\r\n250x\r\n550 b\r\n", SMTP_REPLY_DONE, 550,
		    "a\nno code\n250x\nb\n", "" },
		/* any charset becomes UTF-8, without controls of C1 */
		{ "550 Empf\xe4nger\r\n", SMTP_REPLY_DONE, 550, "Empf?nger\n",
		    "" },
		{ "550 \xc3\xa4\xc2\x9b\xe2\x82\r\n", SMTP_REPLY_DONE, 550,
		    "\xc3\xa4???\n", "" },
		{ "250 ok\r", SMTP_REPLY_MORE, 0, "", "" },
		{ "250-a\r\n25", SMTP_REPLY_MORE, 250, "a\n", "" },
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

/* Feed IN again and again until the reply ends; how many bytes were taken. */
static size_t
feed_endlessly(struct slice in)
{
	struct smtp_reply r;
	size_t bytes = 0;
	enum smtp_reply_end end;

	smtp_reply_init(&r);
	do {
		struct slice left = in;

		end = smtp_reply_feed(&r, &left);
		bytes += in.n - left.n;
		assert_true(r.text.n <= SMTP_REPLY_TEXT_MAX);
		assert_true(r.line.n <= SMTP_REPLY_LINE_MAX);
		assert_true(bytes < 2 * SMTP_REPLY_BYTES_MAX);
	} while (end == SMTP_REPLY_MORE);
	assert_int_equal(end, SMTP_REPLY_BAD);
	smtp_reply_fini(&r);
	return bytes;
}

/* A server that never comes to an end is cut off, however it goes about it. */
static void
test_endless(void **state)
{
	(void)state;
	assert_in_range(feed_endlessly(SLICE("250-and another thing\r\n")),
	    SMTP_REPLY_BYTES_MAX, SMTP_REPLY_BYTES_MAX + 100);
	assert_in_range(feed_endlessly(SLICE("250 endless")),
	    SMTP_REPLY_BYTES_MAX, SMTP_REPLY_BYTES_MAX + 100);
	assert_in_range(feed_endlessly(SLICE("250-\n")), SMTP_REPLY_BYTES_MAX,
	    SMTP_REPLY_BYTES_MAX + 100);
}

/* Whatever its length, a reply is what its code says. */
static void
test_long(void **state)
{
	struct buf all;

	(void)state;
	buf_init(&all, SMTP_REPLY_BYTES_MAX);
	for (int lines = 1; lines <= 1000; lines *= 1000) {
		struct smtp_reply r;
		struct slice in;
		char line[600];

		buf_reset(&all);
		for (int i = 1; i <= lines; i++) {
			buf_addf(&all, "550%c5.1.1 ", i < lines ? '-' : ' ');
			for (int n = 0; n < 100000 / lines; n++)
				buf_adds(&all, "\xea\xb0\x80");
			buf_adds(&all, "\r\n");
		}
		buf_adds(&all, "250 next\r\n");
		in = buf_slice(&all);
		smtp_reply_init(&r);
		assert_int_equal(smtp_reply_feed(&r, &in), SMTP_REPLY_DONE);
		assert_int_equal(r.code, 550);
		assert_true(slice_is(in, "250 next\r\n"));
		assert_true(r.text.n <= SMTP_REPLY_TEXT_MAX);
		smtp_reply_line(&r, line, sizeof line);
		assert_true(slice_starts(
		    slice_str(line), SLICE("550 5.1.1 \xea\xb0\x80")));
		/* cut between two characters */
		assert_in_range(strlen(line), sizeof line - 4, sizeof line - 1);
		assert_true(utf8_valid(slice_str(line)));
		smtp_reply_fini(&r);
	}
	buf_fini(&all);
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
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_dsn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
