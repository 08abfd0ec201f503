/* SPDX-License-Identifier: ISC */
/* What pabal reads of others and shows: log lines, fields, JSON. */
#include "ctl/view/logline.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/view/fields.h"
#include "ctl/view/out.h"

static void
test_logline(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		const char *shown; /* NULL: not a line of ours */
	} rows[] = {
		{ "2026-11-20T21:15:54.9Z qmgr[12] info: a.b qid=Q1 text=\"a \\\"b\\\\ \\n\\u00e9\" n=5",
		  "2026-11-20T21:15:54.9Z|qmgr|12|info|a.b|qid=Q1|text=a \"b\\ \n\xc3\xa9|n=5" },
		{ "{\"time\":\"T\",\"daemon\":\"d\",\"pid\":7,\"level\":\"info\",\"event\":\"e\",\"k\":\"v \\\"w\",\"n\":-3}",
		  "T|d|7|info|e|k=v \"w|n=-3" },
		{ "{\"time\":\"T\",\"daemon\":\"d\",\"pid\":7,\"level\":\"info\",\"event\":\"e\",\"level\":\"x\"}",
		  "T|d|7|info|e|level=x" },
		{ "qmgr[12] info: a.b qid=Q1",     "|qmgr|12|info|a.b|qid=Q1" },
		{ "T smtpd/2[12] info: a.b",       "T|smtpd/2|12|info|a.b" },
		{ "T qmgr[12] info: a.b",          "T|qmgr|12|info|a.b" },
		{ "T qmgr[12] info: a.b k=\"\"",   "T|qmgr|12|info|a.b|k=" },
		{ "T qmgr[12] info: ",             NULL },
		{ "T qmgr[12] info a.b",           NULL },
		{ "T qmgr info: a.b",              NULL },
		{ "T qmgr[12] info: a.b junk",     NULL },
		{ "T qmgr[12] info: a.b k=\"open", NULL },
		{ "{\"time\":\"T\"}",              NULL },
		{ "{\"time\":\"T\",\"event\":\"e\"", NULL },
		{ "{",                             NULL },
		{ "",                              NULL },
		{ "Segmentation fault",            NULL },
	};
	/* clang-format on */
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 1000 };
		struct logline l;

		if (!logline_parse(slice_str(rows[i].line), &a, &l)) {
			if (rows[i].shown != NULL)
				fail_msg("%s", rows[i].line);
			continue;
		}
		assert_non_null(rows[i].shown);
		buf_addf(&out, "%.*s|%.*s|%.*s|%.*s|%.*s", SLICE_FMT(l.time),
		    SLICE_FMT(l.daemon), SLICE_FMT(l.pid), SLICE_FMT(l.level),
		    SLICE_FMT(l.event));
		for (size_t j = 0; j < l.n; j++)
			buf_addf(&out, "|%.*s=%.*s", SLICE_FMT(l.keys[j]),
			    SLICE_FMT(l.values[j]));
		assert_string_equal(buf_cstr(&out), rows[i].shown);
		buf_fini(&out);
	}
	arena_fini(&a);
}

static void
test_fields(void **state)
{
	const struct slice line = SLICE(" rcpt a=1 bb=x=y c= a=2");
	int64_t v;

	(void)state;
	assert_true(slice_is(fields_get(line, "a"), "1"));
	assert_true(slice_is(fields_get(line, "bb"), "x=y"));
	assert_int_equal(fields_get(line, "c").n, 0);
	assert_int_equal(fields_get(line, "rcpt").n, 0);
	assert_true(fields_num(line, "a", &v));
	assert_int_equal(v, 1);
	assert_false(fields_num(line, "bb", &v));
	assert_false(fields_num(line, "zz", &v));
}

static void
test_json(void **state)
{
	/* clang-format off */
	static const struct {
		struct slice in;
		const char *json;
		const char *plain;
	} rows[] = {
		{ SLICE("abc"),              "\"abc\"",             "abc" },
		{ SLICE("a\"b\\c"),          "\"a\\\"b\\\\c\"",     "a\"b\\c" },
		{ SLICE("\x1b[1m\n\x7f\0"),  "\"\\u001b[1m\\u000a\\u007f\\u0000\"", "?[1m???" },
		{ SLICE("\xed\x8c\x8c"),     "\"\xed\x8c\x8c\"",    "\xed\x8c\x8c" },
		{ SLICE("\xed\x8c"),         "\"\xef\xbf\xbd\xef\xbf\xbd\"", "??" },
		{ SLICE("\xc3\xa9\xff\xc3\xa9"), "\"\xc3\xa9\xef\xbf\xbd\xc3\xa9\"", "\xc3\xa9?\xc3\xa9" },
		/* C1, as UTF-8 and raw; what turns text around; separators */
		{ SLICE("\xc2\x9b" "1m"),    "\"\\u009b1m\"",       "?1m" },
		{ SLICE("\x9b" "1m"),        "\"\xef\xbf\xbd" "1m\"", "?1m" },
		{ SLICE("\xc2\x85\xc2\xa0"), "\"\\u0085\xc2\xa0\"", "?\xc2\xa0" },
		{ SLICE("\xe2\x80\xae" "x"), "\"\\u202ex\"",        "?x" },
		{ SLICE("\xe2\x81\xa6" "x"), "\"\\u2066x\"",        "?x" },
		{ SLICE("\xe2\x80\x8f" "x"), "\"\\u200fx\"",        "?x" },
		{ SLICE("\xe2\x80\xa8" "x"), "\"\\u2028x\"",        "?x" },
		{ SLICE(""),                 "\"\"",                "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 1000 };

		out_json(&out, rows[i].in);
		assert_string_equal(buf_cstr(&out), rows[i].json);
		buf_reset(&out);
		out_plain(&out, rows[i].in);
		assert_string_equal(buf_cstr(&out), rows[i].plain);
		buf_fini(&out);
	}
}

static void
test_commands(void **state)
{
	char *set[] = { (char[]){ "conf" }, (char[]){ "set" },
		(char[]){ "smtpd" }, NULL };
	char *half[] = { (char[]){ "conf" }, (char[]){ "se" }, NULL };
	char *start[] = { (char[]){ "start" }, NULL };
	const struct ctl_command *c;
	int used;

	(void)state;
	c = commands_find(3, set, &used);
	assert_string_equal(c->words, "conf set");
	assert_int_equal(used, 2);
	assert_null(commands_find(1, set, &used));
	assert_null(commands_find(2, half, &used));
	assert_string_equal(commands_find(1, start, &used)->words, "start");
	assert_null(commands_find(0, start, &used));
	/* Each has a summary that fits a line, without a final dot. */
	for (c = commands_all(); c->words != NULL; c++) {
		assert_in_range(strlen(c->summary), 5, 80);
		assert_int_not_equal(c->summary[strlen(c->summary) - 1], '.');
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logline),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
