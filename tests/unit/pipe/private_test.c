/* SPDX-License-Identifier: ISC */
#include "pipe/private.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 77 };

static char outside[] = "/tmp/pabal-private-XXXXXX";
static char inside[] = "/tmp/pabal-private-inside-XXXXXX";

/* The steps that went wrong are the exit status. */
static int
be_private(int told)
{
	struct err err = { 0 };
	int fd, wrong = 0;

	if (private_tmp(&err) == -1) {
		print_message("%s\n", err.text);
		return REFUSED;
	}
	wrong |= access(outside, F_OK) == 0 ? 1 : 0;
	wrong |= access("/etc/passwd", R_OK) == -1 ? 2 : 0;
	fd = mkstemp(inside);
	wrong |= fd == -1 ? 4 : 0;
	wrong |= write(told, inside, sizeof inside) == -1 ? 8 : 0;
	return wrong;
}

static void
test_nobody_sees_it(void **state)
{
	int p[2], status;
	pid_t pid;
	const int fd = mkstemp(outside);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(be_private(p[1]));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(unlink(outside), 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == REFUSED) {
		print_message("the kernel does not allow it here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(
	    read(p[0], inside, sizeof inside), (ssize_t)sizeof inside);
	assert_int_equal(access(inside, F_OK), -1);
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_sees_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
