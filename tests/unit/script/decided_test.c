/* SPDX-License-Identifier: ISC */
/* What is kept of decisions: the last ones, each as a whole. */
#include "script/decided.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/must.h"
#include "script/verdict.h"
#include "sys/fd.h"

enum { KEEP = 5, ALL = 200, LINES = 60 };

static char directory[] = "/tmp/pabal-decided-XXXXXX";
static int account;

static int
setup(void **state)
{
	(void)state;
	must(mkdtemp(directory) != NULL);
	account = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(account != -1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlinkat(account, "sieve/.pabal-trace", 0);
	(void)unlinkat(account, "sieve", AT_REMOVEDIR);
	(void)rmdir(directory);
	fd_close(&account);
	return 0;
}

static void
keep(int i, uint64_t n)
{
	struct buf trace = { .max = 65536 };
	const struct verdict none = { 0 };
	char qid[16];

	snprintf(qid, sizeof qid, "Q%d", i);
	for (int line = 0; line < LINES; line++)
		buf_addf(&trace, "@ main:%d: what was compared\n", line);
	decided_keep(account, n,
	    &(struct decided){ .time_s = i,
		.qid = slice_str(qid),
		.verdict = &none,
		.trace = buf_slice(&trace) });
	buf_fini(&trace);
}

/* The file's records are whole, and those before I. */
static int
number_behind(struct slice line, const char *what)
{
	const ptrdiff_t at = strstr(line.p, what) - line.p;
	struct cur c = cur_of(slice_from(line, (size_t)at + strlen(what)));

	return (int)cur_u64(&c, INT32_MAX);
}

static void
assert_kept(int i)
{
	struct buf text = { .max = 32 << 20 };
	int fd = openat(account, "sieve/.pabal-trace", O_RDONLY | O_CLOEXEC);
	struct slice rest;
	int n = 0, lines = LINES, first = -1;

	must(fd != -1 && fd_read_file(fd, &text, NULL) == 0);
	fd_close(&fd);
	rest = buf_slice(&text);
	while (rest.n > 0) {
		const struct slice line = slice_cut(rest, '\n', &rest);

		if (line.p[0] != '@') {
			lines++;
			continue;
		}
		assert_int_equal(lines, LINES);
		lines = 0;
		n++;
		if (first == -1)
			first = number_behind(line, "qid=Q");
	}
	assert_int_equal(lines, LINES);
	assert_int_equal(first + n - 1, i);
	assert_true(n >= (i < KEEP ? i + 1 : KEEP));
	/* it is counted now and then */
	assert_true(n <= 2 * KEEP + 16384 / (LINES * 30) + 1);
	buf_fini(&text);
}

static void
test_last_ones(void **state)
{
	(void)state;
	for (int i = 0; i < ALL; i++) {
		keep(i, KEEP);
		assert_kept(i);
	}
}

static void
test_none(void **state)
{
	(void)state;
	must(unlinkat(account, "sieve/.pabal-trace", 0) == 0);
	keep(0, 0);
	assert_int_equal(faccessat(account, "sieve/.pabal-trace", F_OK, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_last_ones),
		cmocka_unit_test(test_none) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
