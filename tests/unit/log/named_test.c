/* SPDX-License-Identifier: ISC */
/* What a daemon may make of the log by what it writes into its pipe: lines in
 * its own name, one each, and nothing else. */
#include "log/named.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

#define T  "2026-11-20T21:15:54.953076Z"
#define JT "{\"time\":\"" T "\","

/* The line that smtpd/2 gets for RAW; without its end. */
static const char *
line(struct slice raw)
{
	static char text[LOG_NAMED_MAX + 1];
	const struct log_writer w = log_writer("smtpd", 2, 77);
	struct buf out = { .max = LOG_NAMED_MAX };

	log_named(raw, &w, &out);
	assert_false(out.failed);
	assert_true(out.n < sizeof text);
	memcpy(text, buf_cstr(&out), out.n + 1);
	if (out.n > 0) {
		assert_ptr_equal(strchr(text, '\n'), text + out.n - 1);
		text[out.n - 1] = '\0';
	}
	buf_fini(&out);
	return text;
}

static void
test_as_written(void **state)
{
	/* clang-format off */
	static const struct {
		const char *raw, *line;
	} rows[] = {
		{ "", "" },
		{ T " info: smtp.connect sid=7 client=192.0.2.1",
		  T " smtpd/2[77] info: smtp.connect sid=7 client=192.0.2.1" },
		{ T " warning: x", T " smtpd/2[77] warning: x" },
		{ T " info: x why=\"\xea\xb0\x80\"",
		  T " smtpd/2[77] info: x why=\"\xea\xb0\x80\"" },
		{ "<6>info: x n=1", "<6>smtpd/2[77] info: x n=1" },
		{ JT "\"level\":\"info\",\"event\":\"x\"}",
		  JT "\"daemon\":\"smtpd/2\",\"pid\":77,\"level\":\"info\",\"event\":\"x\"}" },
		{ JT "\"level\":\"debug\",\"event\":\"a.b-c\",\"n\":-5,\"s\":\"a\\\"}\\u0007\",\"pid_\":3}",
		  JT "\"daemon\":\"smtpd/2\",\"pid\":77,\"level\":\"debug\",\"event\":\"a.b-c\",\"n\":-5,\"s\":\"a\\\"}\\u0007\",\"pid_\":3}" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(line(slice_str(rows[i].raw)), rows[i].line);
}

/* Everything else is quoted, as a whole, in the name of who wrote it. */
static void
test_said(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"bug file=a.c line=3",
		"==77==ERROR: AddressSanitizer: heap-use-after-free",
		"qmgr[5] info: queue.delivered qid=1", /* another's name */
		T " qmgr[5] info: queue.delivered qid=1",
		T "info: x", T " loud: x", T " info: ", T " info x",
		"2026-11-20T21:15:54Z info: x",
		"x" T " info: x",
		T " info: x\x1b[2J", T " info: x\x7f", T " info: x\tb", T " info: x\rb",
		T " info: x\xff", T " info: x\xc2\x9b" "2J",
		T " info: x\xe2\x80\xae" "evil", /* turned around */
		"<9>info: x", "<6info: x", "<6>qmgr[5] info: x", "<6> info: x",
		JT "\"level\":\"info\",\"event\":\"x\"",
		JT "\"level\":\"info\",\"event\":\"x\"}}",
		JT "\"level\":\"info\",\"event\":\"x\",\"daemon\":\"qmgr\"}",
		JT "\"level\":\"info\",\"event\":\"x\",\"pid\":5}",
		JT "\"level\":\"info\",\"event\":\"x\",\"time\":\"\"}",
		JT "\"level\":\"info\",\"event\":\"x\",\"k\":{\"daemon\":\"qmgr\"}}",
		JT "\"level\":\"info\",\"event\":\"x\",\"k\":\"open}",
		JT "\"level\":\"info\",\"event\":\"x\",\"k\":}",
		JT "\"daemon\":\"qmgr\",\"level\":\"info\",\"event\":\"x\"}",
		"{}", "{", "[", "<",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = line(slice_str(rows[i]));
		const char *hit =
		    strstr(got, "Z smtpd/2[77] error: proc.stderr text=");

		if (hit != got + 26)
			fail_msg("row %zu: %s became %s", i, rows[i], got);
		for (const char *p = got; *p != '\0'; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	}
}

static void
test_lengths(void **state)
{
	static char raw[LOG_LINE_MAX + 10];
	const struct slice head = SLICE(T " info: x v=");

	(void)state;
	memset(raw, 'v', sizeof raw);
	memcpy(raw, head.p, head.n);
	/* the longest that lib/log writes */
	assert_int_equal(strlen(line(slice_of(raw, LOG_LINE_MAX - 1))),
	    LOG_LINE_MAX - 1 + strlen("smtpd/2[77] "));
	assert_non_null(
	    strstr(line(slice_of(raw, LOG_LINE_MAX)), "proc.stderr"));
	memset(raw, '\x01', sizeof raw);
	assert_in_range(
	    strlen(line(slice_of(raw, sizeof raw))), 3600, LOG_LINE_MAX);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_written),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
