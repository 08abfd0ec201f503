/* SPDX-License-Identifier: ISC */
/* The tool of the sweeps itself: faults strike where they are told to. */
#include "tests/fault.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"

static char top[] = "/tmp/pabal-fault.XXXXXX";
static int dirfd_;

static int64_t
size_of(const char *name)
{
	struct stat st;

	return fstatat(dirfd_, name, &st, 0) == 0 ? st.st_size : -1;
}

static int
write_ten(void)
{
	struct err err = { 0 };
	int fd = openat(
	    dirfd_, "ten", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = -1;

	if (fd == -1)
		return -1;
	if (fd_write_all(fd, SLICE("0123456789"), &err) == 0)
		rc = fd_sync(fd, &err);
	close(fd);
	return rc;
}

static void
counts_calls(void **state)
{
	(void)state;
	fault_count();
	assert_int_equal(write_ten(), 0);
	assert_int_equal(fault_calls(), 3); /* openat, write, fsync */
	assert_false(fault_struck());
	fault_off();
}

static void
fails_one_call(void **state)
{
	static const char *const names[] = { "openat", "write", "fsync" };

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		fault_arm(FAULT_IO, i, false);
		assert_int_equal(write_ten(), -1);
		assert_string_equal(fault_name(), names[i - 1]);
		assert_int_equal(write_ten(), 0);
		fault_off();
	}
}

static void
fails_for_ever(void **state)
{
	(void)state;
	fault_arm(FAULT_NOSPC, 2, true);
	assert_int_equal(write_ten(), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(write_ten(), -1);
	fault_off();
	assert_int_equal(write_ten(), 0);
}

static void
writes_a_part(void **state)
{
	(void)state;
	fault_arm(FAULT_SHORT, 2, false);
	assert_int_equal(write_ten(), -1);
	fault_off();
	assert_int_equal(size_of("ten"), 5);
}

static void
ends_the_process(void **state)
{
	int status;
	const pid_t pid = fork();

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		fault_arm(FAULT_EXIT, 3, false);
		write_ten();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FAULT_STATUS);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	dirfd_ = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlinkat(dirfd_, "ten", 0);
	close(dirfd_);
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_calls),
		cmocka_unit_test(fails_one_call),
		cmocka_unit_test(fails_for_ever),
		cmocka_unit_test(writes_a_part),
		cmocka_unit_test(ends_the_process),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
