/* SPDX-License-Identifier: ISC */
#include "pipe/outcome.h"

#include "tests/unit.h"

#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"

/* As waitpid gives them. */
#define EXITED(code) ((code) << 8)

static void
test_exit_codes(void **state)
{
	/* clang-format off */
	static const struct {
		int code;
		enum job_status status;
		const char *dsn;
	} rows[] = {
		{ 0,              JOB_DELIVERED, "2.0.0" },
		{ EX_USAGE,       JOB_PERMFAIL,  "5.3.0" },
		{ EX_DATAERR,     JOB_PERMFAIL,  "5.6.0" },
		{ EX_NOINPUT,     JOB_PERMFAIL,  "5.3.0" },
		{ EX_NOUSER,      JOB_PERMFAIL,  "5.1.1" },
		{ EX_NOHOST,      JOB_PERMFAIL,  "5.1.2" },
		{ EX_UNAVAILABLE, JOB_PERMFAIL,  "5.3.0" },
		{ EX_SOFTWARE,    JOB_PERMFAIL,  "5.3.0" },
		{ EX_OSERR,       JOB_TEMPFAIL,  "4.3.0" },
		{ EX_OSFILE,      JOB_PERMFAIL,  "5.3.0" },
		{ EX_CANTCREAT,   JOB_PERMFAIL,  "5.2.0" },
		{ EX_IOERR,       JOB_PERMFAIL,  "5.3.0" },
		{ EX_TEMPFAIL,    JOB_TEMPFAIL,  "4.3.0" },
		{ EX_PROTOCOL,    JOB_PERMFAIL,  "5.5.0" },
		{ EX_NOPERM,      JOB_PERMFAIL,  "5.7.1" },
		{ EX_CONFIG,      JOB_PERMFAIL,  "5.3.5" },
		{ 126,            JOB_TEMPFAIL,  "4.3.5" },
		{ 127,            JOB_TEMPFAIL,  "4.3.5" },
		{ 1,              JOB_PERMFAIL,  "5.3.0" },
		{ 63,             JOB_PERMFAIL,  "5.3.0" },
		{ 79,             JOB_PERMFAIL,  "5.3.0" },
		{ 255,            JOB_PERMFAIL,  "5.3.0" },
	};
	/* clang-format on */
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		outcome_of(&o, EXITED(rows[i].code), false, SLICE(""));
		assert_int_equal(o.status, rows[i].status);
		assert_string_equal(o.dsn, rows[i].dsn);
		assert_true(o.text.n > 0);
		buf_fini(&o.text);
	}
}

static void
test_texts(void **state)
{
	/* clang-format off */
	static const struct {
		int wait_status;
		bool timed_out;
		const char *output;
		enum job_status status;
		const char *dsn;
		const char *text;
	} rows[] = {
		{ EXITED(0), false, "chatter", JOB_DELIVERED, "2.0.0",
		    "delivered to the command" },
		/* exit 0 is a delivery, whatever is printed */
		{ EXITED(0), false, "5.7.1 no", JOB_DELIVERED, "2.0.0",
		    "delivered to the command" },
		{ EXITED(0), true, "", JOB_DELIVERED, "2.0.0",
		    "delivered to the command" },
		{ EXITED(67), false, "\n no such\tone \n", JOB_PERMFAIL, "5.1.1",
		    "command exited with status 67 (user unknown): no such one" },
		{ EXITED(1), false, "", JOB_PERMFAIL, "5.3.0",
		    "command exited with status 1 (failed)" },
		{ SIGSEGV, false, "", JOB_TEMPFAIL, "4.3.0",
		    "command was killed by signal SEGV" },
		{ SIGKILL, true, "so far", JOB_TEMPFAIL, "4.3.0",
		    "command time limit exceeded: so far" },
		/* the command's own word on it */
		{ EXITED(1), false, "4.2.2 mailbox full", JOB_TEMPFAIL, "4.2.2",
		    "mailbox full" },
		{ EXITED(75), false, "5.7.123 go away", JOB_PERMFAIL, "5.7.123",
		    "go away" },
		{ EXITED(75), false, "5.7.1", JOB_PERMFAIL, "5.7.1",
		    "command exited with status 75 (temporary failure)" },
		{ EXITED(75), false, "2.0.0 fine", JOB_TEMPFAIL, "4.3.0",
		    "command exited with status 75 (temporary failure): "
		    "2.0.0 fine" },
		{ EXITED(75), false, "5.7.1no", JOB_TEMPFAIL, "4.3.0",
		    "command exited with status 75 (temporary failure): 5.7.1no" },
		{ EXITED(75), false, "5.7.1234 no", JOB_TEMPFAIL, "4.3.0",
		    "command exited with status 75 (temporary failure): "
		    "5.7.1234 no" },
		{ EXITED(75), false, "5..1 no", JOB_TEMPFAIL, "4.3.0",
		    "command exited with status 75 (temporary failure): 5..1 no" },
		{ EXITED(1), false, "a\001\r\nb\x7f" "c \xff \xc3\xa9", JOB_PERMFAIL,
		    "5.3.0",
		    "command exited with status 1 (failed): a b c ? \xc3\xa9" },
	};
	/* clang-format on */
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		outcome_of(&o, rows[i].wait_status, rows[i].timed_out,
		    slice_str(rows[i].output));
		assert_int_equal(o.status, rows[i].status);
		assert_string_equal(o.dsn, rows[i].dsn);
		assert_string_equal(buf_cstr(&o.text), rows[i].text);
		buf_fini(&o.text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
