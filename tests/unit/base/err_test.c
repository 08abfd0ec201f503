/* SPDX-License-Identifier: ISC */
#include "base/err.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/num.h"

static void
test_set_and_sys(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_PERM, "no %s", "such user"), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_string_equal(err.text, "no such user");
	errno = ENOSPC;
	assert_int_equal(err_sys(&err, ERR_TEMP, "write %d", 7), -1);
	assert_int_equal(err.class, ERR_TEMP);
	assert_string_equal(err.text, "write 7: No space left on device");
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(err.code, ERR_NO_SPACE);
	err_set(&err, ERR_TEMP, "x");
	assert_int_equal(err.code, ERR_OTHER);
	assert_int_equal(err_code_of(EDQUOT), ERR_NO_SPACE);
	assert_int_equal(err_code_of(EADDRINUSE), ERR_IN_USE);
	assert_int_equal(err_code_of(EIO), ERR_OTHER);
	assert_int_equal(err_code_of(0), ERR_OTHER);
	errno = 99999;
	err_sys(&err, ERR_TEMP, "x");
	assert_string_equal(err.text, "x: unknown error");
	/* Nobody wants to know: still -1. */
	assert_int_equal(err_set(NULL, ERR_PERM, "x"), -1);
	assert_int_equal(err_sys(NULL, ERR_PERM, "x"), -1);
}

static void
test_codes(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    err_set_code(&err, ERR_PERM, ERR_LIMIT, "%d are too many", 7), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.text, "7 are too many");
	assert_int_equal(err_set_code(NULL, ERR_PERM, ERR_LIMIT, "x"), -1);
	/* What comes after it is not of that code any more. */
	err_set(&err, ERR_TEMP, "y");
	assert_int_equal(err.code, ERR_OTHER);
}

static void
test_long_texts_are_cut(void **state)
{
	char long_text[1000];
	struct err err;

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	err_set(&err, ERR_TEMP, "%s", long_text);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	for (size_t n = sizeof err.text - 5; n < sizeof err.text + 2; n++) {
		errno = EIO;
		err_sys(&err, ERR_TEMP, "%.*s", (int)n, long_text);
		assert_int_equal(strlen(err.text), sizeof err.text - 1);
	}
}

static void
hook(void)
{
	(void)!write(1, "hook\n", 5);
}

/* A broken promise: the log is flushed, where is said, the process ends. */
static void
test_must_aborts(void **state)
{
	char said[512] = { 0 };
	size_t n = 0;
	int p[2], status;
	pid_t pid;

	(void)state;
	must(1 + 1 == 2);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(p[1], 1);
		dup2(p[1], 2);
		must_hook = hook;
		must(1 + 1 == 3);
		_exit(0);
	}
	close(p[1]);
	for (ssize_t got;
	     (got = read(p[0], said + n, sizeof said - 1 - n)) > 0;)
		n += (size_t)got;
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(said, "hook\nbug file="));
	assert_non_null(strstr(said, "expr=\"1 + 1 == 3\""));
}

static void
test_checked_sums(void **state)
{
	uint32_t u;
	int64_t i;

	(void)state;
	assert_true(add_ok(UINT32_MAX - 1, 1U, &u));
	assert_false(add_ok(UINT32_MAX, 1U, &u));
	assert_true(mul_ok(INT64_MAX / 2, (int64_t)2, &i));
	assert_false(mul_ok(INT64_MAX / 2 + 1, (int64_t)2, &i));
}

static void
test_heap_copies(void **state)
{
	char *p;

	(void)state;
	p = xasprintf("%s-%d", "a", 5);
	assert_string_equal(p, "a-5");
	xfree(&p);
	assert_null(p);
	p = xslicedup((struct slice){ 0 });
	assert_string_equal(p, "");
	xfree(&p);
	p = xcalloc(0, 0);
	p = xreallocarray(p, 0, 8);
	assert_non_null(p);
	xfree(&p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_sys),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_must_aborts),
		cmocka_unit_test(test_checked_sums),
		cmocka_unit_test(test_heap_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
