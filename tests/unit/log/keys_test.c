/* SPDX-License-Identifier: ISC */
/* What a line of the log can be found by. */
#include "log/keys.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define T   "2026-11-20T21:15:54.953076Z smtpd/2[77] info: "
#define X10 "xxxxxxxxxx"
#define X250                                                                   \
	X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10    \
	    X10 X10 X10 X10 X10 X10 X10 X10

static void
test_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *value;
		bool is;
	} rows[] = {
		{ "1K1EH4WBQ1J102",        true },  /* an id of a session */
		{ "1K1EH4WBQRKCW",         true },  /* of a message */
		{ "1k1eh4wbqrkcw",         true },
		{ "1K1EH4WBQR",            false }, /* too short */
		{ "1K1EH4WBQRKCW00",       false }, /* too long */
		{ "1K1EI4WBQRKCW",         false }, /* not one of its digits */
		{ "XK1EH4WBQRKCW",         false }, /* not before the year 2326 */
		{ "carol@example.org",     true },
		{ "a@b",                   true },
		{ "@",                     true },
		{ "<c0ffee.1@example.org>", true },
		{ "<c0ffee.1>",            false },
		{ "see <a@b> there",       false }, /* a text */
		{ "a\tb@c",                false },
		{ "192.0.2.7",             true },
		{ "2001:db8::7",           true },
		{ "::1",                   true },
		{ "::ffff:192.0.2.7",      true },
		{ "4.2.2",                 false },
		{ "1.2.3.4.5",             false },
		{ "12:30",                 false },
		{ "local:4007",            false },
		{ "delivered",             false },
		{ "mail.example.org",      false },
		{ "25",                    false },
		{ "<>",                    false },
		{ "",                      false },
	};
	/* clang-format on */
	uint64_t hash;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (log_key(slice_str(rows[i].value), &hash) != rows[i].is)
			fail_msg("%s", rows[i].value);
}

static void
test_same(void **state)
{
	/* clang-format off */
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "carol@example.org",  "Carol@EXAMPLE.org",   true },
		{ "<a.b@c>",            "a.b@c",               true },
		{ "<a.b@c",             "a.b@c",               true },
		{ "a.b@c",              "a.b@d",               false },
		{ "a.b@c",              "a.b@c ",              false },
		{ "<" X250 "@x.yz>",    X250 "@x.yz",          true },
		/* what is cut off does not count */
		{ "<" X250 "@x.yz>",    "<" X250 "@x.y",       true },
		{ "<" X250 "@x.y1>",    X250 "@x.y2",          true },
		{ "<" X250 "@x.1>",     X250 "@x.2",           false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice a = slice_str(rows[i].a);
		const struct slice b = slice_str(rows[i].b);
		uint64_t one, other;

		if (log_key_same(a, b) != rows[i].same)
			fail_msg("%s %s", rows[i].a, rows[i].b);
		assert_true(log_key(a, &one));
		assert_int_equal(
		    log_key(b, &other) && one == other, rows[i].same);
	}
}

/* The keys of LINE, which must be those in WANT, with commas between. */
static void
check_line(const char *line, const char *want)
{
	struct log_keys k = log_keys_of(slice_str(line));
	struct slice rest = slice_str(want);
	uint64_t hash, wanted;

	while (log_keys_next(&k, &hash)) {
		if (rest.n == 0)
			fail_msg("%s: more than %s", line, want);
		assert_true(log_key(slice_cut(rest, ',', &rest), &wanted));
		if (hash != wanted)
			fail_msg("%s: not %s", line, want);
	}
	if (rest.n > 0)
		fail_msg("%s: fewer than %s", line, want);
	assert_false(log_keys_next(&k, &hash));
}

static void
test_lines(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ T "a.b qid=1K1EH4WBQRKCW to=a@b n=5", "1K1EH4WBQRKCW,a@b" },
		{ T "a.b to=a@b\r",                  "a@b" },
		{ T "a.b to=\"a\\\"b\\\\@c\" x=d@e",  "a\"b\\@c,d@e" },
		{ T "a.b to=\"\\u00e9@c\" x=d@e",    "\xc3\xa9@c,d@e" },
		{ T "a.b to=\"\\u0040\"",            "@" },
		{ T "a.b to=\"\\ud55c@c\"",          "\xed\x95\x9c@c" },
		{ T "a.b text=\"user a@b unknown\" to=c@d", "c@d" },
		{ T "a.b text=\"x\\na@b\" to=c@d",   "c@d" },
		{ T "a.b",                           "" },
		{ T "a.b to=a@b junk x=c@d",         "a@b" },
		{ T "a.b to=\"a@b",                  "" },
		{ T "a.b to=\"a@b\\",                "" },
		{ T "a.b to=\"a@b\\u12\"",           "" },
		{ "smtpd[7] info: a.b to=a@b",       "a@b" },
		{ "<6>smtpd[7] info: a.b to=a@b",    "a@b" },
		{ "{\"time\":\"t\",\"event\":\"e\",\"to\":\"a@b\",\"n\":5,\"x\":\"c\\u0040d\"}",
		  "a@b,c@d" },
		{ "{\"to\":\"a@b\"",                 "a@b" },
		{ "{\"to\":\"a@b",                   "" },
		{ "{to:\"a@b\"}",                    "" },
		{ "{",                               "" },
		{ "",                                "" },
		{ ":",                               "" },
		{ ": ",                              "" },
		{ ": x",                             "" },
		{ "Segmentation fault",              "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_line(rows[i].line, rows[i].want);
}

/* A value that is longer than what counts of it, plain and escaped. */
static void
test_long(void **state)
{
	const char *const long_id = X250 "@x.yz.example.org";
	struct buf line = { .max = 4096 };
	const char *p;

	(void)state;
	buf_addf(&line, T "a.b x=%s", long_id);
	check_line(buf_cstr(&line), long_id);
	buf_reset(&line);
	buf_addf(&line, T "a.b x=\"<");
	for (p = long_id; *p != '\0'; p++)
		buf_addf(&line, "\\u%04x", (unsigned char)*p);
	buf_adds(&line, ">\" y=c@d");
	buf_adds(&line, "");
	{
		struct buf want = { .max = 4096 };

		buf_addf(&want, "%s,c@d", long_id);
		check_line(buf_cstr(&line), buf_cstr(&want));
		buf_fini(&want);
	}
	buf_fini(&line);
}

static void
test_times(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		bool has;
	} rows[] = {
		{ "2026-11-20T21:15:54.953076Z x",            true },
		{ "2026-11-20T21:15:54.953076Z",              true },
		{ "{\"time\":\"2026-11-20T21:15:54.953076Z\"", true },
		{ "2026-11-20T21:15:54.953076+0900 x",        false },
		{ "2026-11-20T21:15:54.953076",               false },
		{ " 2026-11-20T21:15:54.953076Z",             false },
		{ "<6>smtpd[7] info: x",                      false },
		{ "",                                         false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(log_time_of(slice_str(rows[i].line)).n,
		    rows[i].has ? LOG_TIME_BYTES : 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
