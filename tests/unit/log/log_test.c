/* SPDX-License-Identifier: ISC */
/* What log_event writes to fd 2, which is a file here. */
#include "log/log.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "log/line.h"
#include "log/metric.h"

static char said[100000];
static int real_stderr, file;

static void
start(enum log_format format, enum log_level level)
{
	real_stderr = dup(2);
	file = memfd_create("log_test", MFD_CLOEXEC);
	dup2(file, 2);
	log_init("smtpd", 0);
	log_set(format, level);
	log_for_journal(false);
}

/* Everything written since start(), as one string. */
static void
stop(void)
{
	ssize_t n;

	log_flush();
	n = pread(file, said, sizeof said - 1, 0);
	dup2(real_stderr, 2);
	close(real_stderr);
	close(file);
	assert_true(n >= 0);
	said[n] = '\0';
}

/* The line without its time. */
static const char *
after_time(void)
{
	assert_true(strlen(said) > 28);
	assert_int_equal(said[4], '-');
	assert_int_equal(said[10], 'T');
	assert_int_equal(said[26], 'Z');
	return said + 28;
}

static void
test_logfmt_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
		{ "plain",           5, "plain" },
		{ "",                0, "\"\"" },
		{ "two words",       9, "\"two words\"" },
		{ "a=b",             3, "\"a=b\"" },
		{ "\"",              1, "\"\\\"\"" },
		{ "\\",              1, "\"\\\\\"" },
		{ "a\nb",            3, "\"a\\nb\"" },
		{ "a\r\0b\x1b[2J",   8, "\"a\\u000d\\u0000b\\u001b[2J\"" },
		{ "\x7f",            1, "\"\\u007f\"" },
		{ "\xea\xb0\x80",    3, "\"\xea\xb0\x80\"" },
		/* no UTF-8; and a C1 control, which is */
		{ "\xea\xb0",        2, "\"\\u00ea\\u00b0\"" },
		{ "\xff x",          3, "\"\\u00ff x\"" },
		{ "\xc2\x9b" "2J",   4, "\"\\u009b2J\"" },
		{ "\xc2\xa0",        2, "\"\xc2\xa0\"" },
	};
	/* clang-format on */
	char want[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start(LOG_LOGFMT, LOG_LVL_INFO);
		log_info("event.name",
		    kv_slice("key", slice_of(rows[i].in, rows[i].n)));
		stop();
		snprintf(want, sizeof want,
		    "smtpd[%d] info: event.name key=%s\n", (int)getpid(),
		    rows[i].out);
		assert_string_equal(after_time(), want);
	}
}

static void
test_forms(void **state)
{
	char want[200];

	(void)state;
	start(LOG_LOGFMT, LOG_LVL_INFO);
	log_init("imapd", 3);
	log_for_journal(true);
	log_err("x", kv_u("u", UINT64_MAX), kv_i("i", INT64_MIN));
	stop();
	snprintf(want, sizeof want,
	    "<3>imapd/3[%d] error: x u=18446744073709551615 "
	    "i=-9223372036854775808\n",
	    (int)getpid());
	assert_string_equal(said, want);
	start(LOG_JSON, LOG_LVL_INFO);
	log_warn("x", kv_s("s", "a\tb"), kv_u("u", 1));
	log_warn("nothing.more");
	stop();
	snprintf(want, sizeof want,
	    "\",\"daemon\":\"smtpd\",\"pid\":%d,\"level\":\"warning\","
	    "\"event\":\"x\",\"s\":\"a\\u0009b\",\"u\":1}\n",
	    (int)getpid());
	assert_non_null(strstr(said, want));
	assert_non_null(strstr(said, "\"event\":\"nothing.more\"}\n"));
}

static void
test_levels(void **state)
{
	(void)state;
	start(LOG_LOGFMT, LOG_LVL_WARN);
	assert_false(log_wants(LOG_LVL_INFO));
	assert_true(log_wants(LOG_LVL_WARN));
	log_debug("one");
	log_info("two");
	log_warn("three");
	log_err("four");
	stop();
	assert_null(strstr(said, "one"));
	assert_null(strstr(said, "two"));
	assert_non_null(strstr(said, "three"));
	assert_non_null(strstr(said, "four"));
}

/* However long the values are: one whole line with its end, valid UTF-8, all
 * quotes closed, nothing behind the backslash missing. */
static void
test_long_lines(void **state)
{
	static const char *const units[] = { "x", "\n", "\"", "\xea\xb0\x80",
		"\xff", "a b" };
	static const enum log_format formats[] = { LOG_LOGFMT, LOG_JSON };
	static char value[9000];

	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(formats); f++)
		for (size_t u = 0; u < ARRAY_LEN(units); u++)
			for (size_t shift = 0; shift < 8; shift++) {
				const size_t n = strlen(units[u]);
				size_t len, quotes = 0;

				for (size_t i = 0; i + n < sizeof value; i++)
					value[i] = units[u][i % n];
				start(formats[f], LOG_LVL_INFO);
				log_info("event",
				    kv_slice(
					"pad", slice_of("xxxxxxxx", shift)),
				    kv_slice("long", slice_of(value, 8000)),
				    kv_s("last", "never fits"));
				stop();
				len = strlen(said);
				assert_in_range(len, 4000, 4096);
				assert_int_equal(said[len - 1], '\n');
				assert_null(strstr(said, "last"));
				assert_true(utf8_valid(slice_str(said)));
				for (size_t i = 0; i < len; i++) {
					if (said[i] == '\\')
						i++;
					else
						quotes += said[i] == '"';
				}
				assert_int_equal(quotes % 2, 0);
				if (formats[f] == LOG_JSON)
					assert_int_equal(said[len - 2], '}');
			}
}

/* Lines of a turn go out together; a warning takes all before it along. */
static void
test_collected(void **state)
{
	(void)state;
	start(LOG_LOGFMT, LOG_LVL_INFO);
	log_info("one");
	assert_int_equal(pread(file, said, sizeof said, 0), 0);
	log_warn("two");
	assert_true(pread(file, said, sizeof said, 0) > 0);
	for (int i = 0; i < 1000; i++)
		log_info("many", kv_i("i", i));
	stop();
	assert_non_null(strstr(said, "info: one\n"));
	for (int i = 0, at = 0; i < 1000; i++) {
		char want[40];
		const char *hit;

		snprintf(want, sizeof want, "many i=%d\n", i);
		hit = strstr(said + at, want);
		assert_non_null(hit);
		at = (int)(hit - said);
	}
}

static void
test_unnamed(void **state)
{
	const struct log_writer w = log_writer("smtpd", 2, 77);
	struct buf line = { .max = LOG_LINE_MAX };

	(void)state;
	start(LOG_LOGFMT, LOG_LVL_INFO);
	log_unnamed(true);
	log_info("x", kv_u("n", 1));
	stop();
	assert_string_equal(after_time(), "info: x n=1\n");
	start(LOG_JSON, LOG_LVL_INFO);
	log_info("x", kv_u("n", 1));
	stop();
	log_unnamed(false);
	assert_non_null(
	    strstr(said, "Z\",\"level\":\"info\",\"event\":\"x\",\"n\":1}\n"));
	log_line(&line, &w, LOG_LVL_INFO, "x",
	    (const struct kv[]){ { .key = NULL } });
	assert_non_null(
	    strstr(buf_cstr(&line), "\"daemon\":\"smtpd/2\",\"pid\":77,"));
	buf_fini(&line);
}

/* In JSON no name stands twice in an object. */
static void
test_own_keys(void **state)
{
	(void)state;
	start(LOG_JSON, LOG_LVL_INFO);
	log_info("x", kv_s("daemon", "smtpd"), kv_i("pid", 7));
	stop();
	assert_non_null(strstr(said, "\"daemon_\":\"smtpd\",\"pid_\":7}"));
}

/* Nobody reads: log_event returns all the same, what is lost is counted, and
 * every line is either there as a whole or among those. */
static void
test_unread(void **state)
{
	enum { SENT = 20000 };
	static char text[1 << 20];
	size_t n = 0, lines = 0;
	const char *hit;
	ssize_t got;
	int ends[2];

	(void)state;
	start(LOG_LOGFMT, LOG_LVL_INFO);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(ends[1], 2);
	for (int i = 0; i < SENT; i++)
		log_info("mail.accepted", kv_i("i", i),
		    kv_s("from", "somebody@example.org"));
	assert_false(log_flush());
	while ((got = read(ends[0], text + n, sizeof text - 1 - n)) > 0) {
		n += (size_t)got;
		(void)log_flush();
	}
	assert_true(log_flush());
	close(ends[0]);
	close(ends[1]);
	stop();
	assert_int_equal(text[n - 1], '\n');
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	hit = strstr(text, "error: log.lost lines=");
	assert_non_null(hit);
	assert_int_equal(lines - 1 + strtoul(hit + 22, NULL, 10), SENT);
	for (size_t i = 0, at = 0; i < 300; i++) {
		char want[40];

		snprintf(want, sizeof want, "accepted i=%zu from=", i);
		hit = strstr(text + at, want);
		assert_non_null(hit);
		at = (size_t)(hit - text);
	}
}

/* The reader has gone for good: nothing waits, nothing blocks. */
static void
test_nobody_there(void **state)
{
	int ends[2];

	(void)state;
	start(LOG_LOGFMT, LOG_LVL_INFO);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(ends[1], 2);
	close(ends[0]);
	close(ends[1]);
	log_info("one");
	log_info("two");
	assert_true(log_flush());
	dup2(file, 2);
	log_info("three");
	stop();
	assert_null(strstr(said, "one"));
	assert_non_null(strstr(said, "log.lost lines=2\n"));
	assert_non_null(strstr(said, "info: three\n"));
}

static void
test_metrics(void **state)
{
	static struct metric c = { .name = "pabal_x", .help = "Xs." };
	static struct metric g = {
		.name = "pabal_y", .help = "Ys.", .type = METRIC_GAUGE
	};
	static struct metric one = {
		.name = "pabal_z", .help = "Zs.", .labels = "which=\"1\""
	};
	static struct metric two = {
		.name = "pabal_z", .help = "Zs.", .labels = "which=\"2\""
	};
	struct buf b;

	(void)state;
	metric_register(&one);
	metric_register(&two);
	metric_register(&c);
	metric_register(&c);
	metric_add(&c, 2);
	metric_add(&c, 3);
	metric_set(&g, -1);
	buf_init(&b, 1000);
	metric_print(&b, "daemon=\"smtpd\"");
	assert_string_equal(buf_cstr(&b),
	    "# TYPE pabal_y gauge\n# HELP pabal_y Ys.\n"
	    "pabal_y{daemon=\"smtpd\"} -1\n"
	    "# TYPE pabal_x counter\n# HELP pabal_x Xs.\n"
	    "pabal_x_total{daemon=\"smtpd\"} 5\n"
	    "# TYPE pabal_z counter\n# HELP pabal_z Zs.\n"
	    "pabal_z_total{daemon=\"smtpd\",which=\"1\"} 0\n"
	    "pabal_z_total{daemon=\"smtpd\",which=\"2\"} 0\n");
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		/* before any line: that counts, too */
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_logfmt_values),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_collected),
		cmocka_unit_test(test_unnamed),
		cmocka_unit_test(test_own_keys),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
