/* SPDX-License-Identifier: ISC */
#include "mime/date.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
test_parse(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
		int64_t time_s;
		int zone_min;
	} rows[] = {
		{ "Fri, 21 Nov 1997 09:55:06 -0600",  true, 880127706, -360 },
		{ "21 Nov 97 09:55:06 GMT",           true, 880106106, 0 },
		{ "Thu, 1 Jan 1970 00:00:00 +0000",   true, 0, 0 },
		{ "1 Jan 1970 09:00 KST",             true, 0, 540 },
		{ "Tue, 29 Feb 2000 23:59:60 +0000",  true, 951868799, 0 },
		{ "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
		  true, -27723480, -210 },
		{ "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", true, 880127706, -360 },
		{ "(a \\( b) 1 Jan 1970 00:00:00 EST", true, 18000, -300 },
		{ "1 Jan 1970 00:00:00 PDT",          true, 25200, -420 },
		{ "1 Jan 1970 00:00:00 A",            true, 0, 0 },
		{ "1 Jan 1970 00:00:00",              true, 0, 0 },
		{ "1 Jan 1970 00:00:00 junk +9999",   true, 0, 0 },
		{ "1 Jan 1970 00:00:00 +9999",        true, 0, 0 },
		{ "1 January 70 00:00:00 GMT",        true, 0, 0 },
		{ "1 Jan 100 00:00:00 GMT",           true, 946684800, 0 },
		{ "1 Jan 49 00:00:00 GMT",            true, 2493072000, 0 },
		{ "1-Jan-1970 00:00:00 GMT",          true, 0, 0 },
		{ "Mon 1 Jan 1970 00.00.01 GMT",      true, 1, 0 },
		{ "31 Dec 9999 23:59:59 +0000",       true, 253402300799, 0 },
		{ "29 Feb 1999 00:00:00 GMT",         false, 0, 0 },
		{ "31 Jun 1999 00:00:00 GMT",         false, 0, 0 },
		{ "0 Jan 1999 00:00:00 GMT",          false, 0, 0 },
		{ "32 Jan 1999 00:00:00 GMT",         false, 0, 0 },
		{ "1 Foo 1999 00:00:00 GMT",          false, 0, 0 },
		{ "1 Jan 1999 24:00:00 GMT",          false, 0, 0 },
		{ "1 Jan 1999 00:60:00 GMT",          false, 0, 0 },
		{ "1 Jan 1999 00:00:61 GMT",          false, 0, 0 },
		{ "1 Jan 19999 00:00:00 GMT",         false, 0, 0 },
		{ "1 Jan 9 00:00:00 GMT",             false, 0, 0 },
		{ "99999999999999999999 Jan 1999 00:00:00", false, 0, 0 },
		{ "1 Jan",                            false, 0, 0 },
		{ "yesterday",                        false, 0, 0 },
		{ "((((",                             false, 0, 0 },
		{ "",                                 false, 0, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date d = { 0 };

		assert_int_equal(
		    date_parse(slice_str(rows[i].in), &d), rows[i].ok);
		if (!rows[i].ok)
			continue;
		assert_int_equal(d.time_s, rows[i].time_s);
		assert_int_equal(d.zone_min, rows[i].zone_min);
	}
}

static void
test_parse_imap_time(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
		int64_t time_s;
	} rows[] = {
		{ "17-Jul-1996 02:44:25 -0700", true, 837596665 },
		{ " 1-Jan-1970 00:00:00 +0000", true, 0 },
		{ "01-jan-1970 00:00:00 +0000", true, 0 },
		/* Apple Mail, Outlook for Android, imapflow */
		{ "3-Feb-2025 18:28:47 +0000",  true, 1738607327 },
		{ "1-Jan-1970 00:00:00 +0000",  true, 0 },
		{ "1-Jan-1970 9:00:00 +0900",   true, 0 },
		{ "01-Jan-1970 00:00:00 GMT",   true, 0 },
		{ "1-January-1970 00:00:00 -0000", true, 0 },
		{ "01-Jan-1970 00:00:00 X",     false, 0 },
		{ "01-Jan-1970 00:00:00",       false, 0 },
		{ "001-Jan-1970 00:00:00 +0000", false, 0 },
		{ "  1-Jan-1970 00:00:00 +0000", false, 0 },
		{ "0-Jan-1970 00:00:00 +0000",  false, 0 },
		{ "32-Jan-1970 00:00:00 +0000", false, 0 },
		{ "99999999999999999999-Jan-1970 00:00:00 +0000", false, 0 },
		{ "1-Jan-1970 24:00:00 +0000",  false, 0 },
		{ "1-Jan-1970 0:0:00 +0000",    false, 0 },
		{ "01-Jan-1970 00:00:00 +00000", false, 0 },
		{ "01-Jan-70 00:00:00 +0000",   false, 0 },
		{ "31-Feb-1970 00:00:00 +0000", false, 0 },
		{ "01-Jan-1970T00:00:00 +0000", false, 0 },
		{ "01-Jan-1970 00:00:00 +2400", false, 0 },
		{ "-1-Jan-1970 00:00:00 +0000", false, 0 },
		{ "",                           false, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date d = { 0 };

		assert_int_equal(
		    date_parse_imap_time(slice_str(rows[i].in), &d),
		    rows[i].ok);
		if (rows[i].ok)
			assert_int_equal(d.time_s, rows[i].time_s);
	}
}

static void
test_parse_imap_day(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
		int64_t day;
	} rows[] = {
		{ "1-Jan-1970",   true, 0 },
		{ "01-Jan-1970",  true, 0 },
		{ "31-Dec-1969",  true, -1 },
		{ "29-feb-2000",  true, 11016 },
		{ "29-Feb-2001",  false, 0 },
		{ " 1-Jan-1970",  true, 0 },
		{ "  1-Jan-1970", false, 0 },
		{ "1-Jan-70",     false, 0 },
		{ "1-1-1970",     false, 0 },
		{ "001-Jan-1970", false, 0 },
		{ "",             false, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t day = 0;

		assert_int_equal(
		    date_parse_imap_day(slice_str(rows[i].in), &day),
		    rows[i].ok);
		assert_int_equal(day, rows[i].day);
	}
}

static void
test_put(void **state)
{
	/* clang-format off */
	static const struct {
		struct date d;
		const char *rfc, *imap;
	} rows[] = {
		{ { 0, 0 },            "Thu, 1 Jan 1970 00:00:00 +0000",  " 1-Jan-1970 00:00:00 +0000" },
		{ { 0, 540 },          "Thu, 1 Jan 1970 09:00:00 +0900",  " 1-Jan-1970 09:00:00 +0900" },
		{ { 0, -210 },         "Wed, 31 Dec 1969 20:30:00 -0330", "31-Dec-1969 20:30:00 -0330" },
		{ { 880127706, -360 }, "Fri, 21 Nov 1997 09:55:06 -0600", "21-Nov-1997 09:55:06 -0600" },
		{ { 951868799, 0 },    "Tue, 29 Feb 2000 23:59:59 +0000", "29-Feb-2000 23:59:59 +0000" },
		{ { -1, 0 },           "Wed, 31 Dec 1969 23:59:59 +0000", "31-Dec-1969 23:59:59 +0000" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct date again = { 0 };
		struct buf b;

		buf_init(&b, 100);
		date_put(&b, &rows[i].d);
		assert_string_equal(buf_cstr(&b), rows[i].rfc);
		assert_true(date_parse(buf_slice(&b), &again));
		assert_int_equal(again.time_s, rows[i].d.time_s);
		buf_reset(&b);
		date_put_imap(&b, &rows[i].d);
		assert_string_equal(buf_cstr(&b), rows[i].imap);
		assert_true(date_parse_imap_time(buf_slice(&b), &again));
		assert_int_equal(again.time_s, rows[i].d.time_s);
		assert_int_equal(again.zone_min, rows[i].d.zone_min);
		buf_fini(&b);
	}
}

/* Every day of 800 years there and back. */
static void
test_calendar(void **state)
{
	(void)state;
	for (int64_t day = -200000; day < 100000; day++) {
		const struct date d = { day * 86400 + 43200, 0 };
		struct date again = { 0 };
		struct buf b;

		buf_init(&b, 100);
		date_put_imap(&b, &d);
		assert_true(date_parse_imap_time(buf_slice(&b), &again));
		assert_int_equal(date_day(&again), day);
		buf_fini(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_imap_time),
		cmocka_unit_test(test_parse_imap_day),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
