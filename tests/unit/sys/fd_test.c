/* SPDX-License-Identifier: ISC */
#include "sys/fd.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

/* The file system of the test knows rename's flags, or does not. */
static int rename_error, unlink_error;

int
renameat2(
    int from, const char *old, int to, const char *new, unsigned int flags)
{
	assert_int_equal(flags, RENAME_NOREPLACE);
	if (rename_error != 0) {
		errno = rename_error;
		return -1;
	}
	if (faccessat(to, new, F_OK, 0) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from, old, to, new);
}

int
unlinkat(int dirfd, const char *path, int flags)
{
	char *cmd;
	int rc;

	(void)flags;
	if (unlink_error != 0 && strcmp(path, "old") == 0) {
		errno = unlink_error;
		return -1;
	}
	cmd = xasprintf("rm /proc/%d/fd/%d/%s", getpid(), dirfd, path);
	rc = system(cmd);
	free(cmd);
	return rc == 0 ? 0 : -1;
}

static void
test_write_and_read_back(void **state)
{
	static char big[50000];
	int fd = memfd_create("fd_test", MFD_CLOEXEC);
	struct err err;
	char back[10];

	(void)state;
	memset(big, 'x', sizeof big);
	assert_int_equal(fd_write_all(fd, slice_of(big, sizeof big), &err), 0);
	assert_int_equal(fd_pwrite_all(fd, SLICE("head"), 0, &err), 0);
	assert_int_equal(fd_pwrite_all(fd, SLICE("tail"), 49996, &err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 50000);
	assert_int_equal(fd_pread_all(fd, back, 10, 0, &err), 0);
	assert_memory_equal(back, "headxxxxxx", 10);
	assert_int_equal(fd_pread_all(fd, back, 10, 49990, &err), 0);
	assert_memory_equal(back, "xxxxxxtail", 10);
	assert_int_equal(fd_pread_all(fd, back, 10, 49991, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, SLICE("x"), &err), -1);
	assert_int_equal(fd_pwrite_all(fd, SLICE("x"), 0, &err), -1);
	assert_int_equal(fd_sync(fd, &err), -1);
}

/* A file of N bytes fits into a buffer of at most MAX bytes or does not. */
static void
test_read_file(void **state)
{
	/* clang-format off */
	static const struct { size_t n, max; } rows[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 }, { 100, 100 },
		{ 101, 100 }, { 16383, 16384 }, { 16384, 16384 },
		{ 16385, 16384 }, { 40000, 40000 }, { 40001, 40000 },
	};
	/* clang-format on */
	static char big[40001];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = memfd_create("fd_test", MFD_CLOEXEC);
		struct err err = { 0 };
		struct buf b;
		int rc;

		buf_init(&b, rows[i].max);
		fd_write_all(fd, slice_of(big, rows[i].n), NULL);
		rc = fd_read_file(fd, &b, &err);
		assert_int_equal(rc, rows[i].n <= rows[i].max ? 0 : -1);
		if (rc == 0)
			assert_int_equal(b.n, rows[i].n);
		else
			assert_int_equal(err.class, ERR_PERM);
		buf_fini(&b);
		fd_close(&fd);
	}
}

/* A pipe has no places: what it gives until its end is all. */
static void
test_read_rest(void **state)
{
	struct buf b = { .max = 10 };
	struct err err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(ends[1], SLICE("0123456789"), NULL), 0);
	fd_close(&ends[1]);
	assert_int_equal(fd_read_file(ends[0], &b, &err), -1);
	assert_int_equal(fd_read_rest(ends[0], &b, &err), 0);
	assert_true(slice_is(buf_slice(&b), "0123456789"));
	assert_int_equal(fd_read_rest(ends[0], &b, &err), 0);
	fd_close(&ends[0]);
	buf_fini(&b);
}

static void
test_close_keeps_errno(void **state)
{
	int fd = -1;

	(void)state;
	errno = ENOSPC;
	fd_close(&fd);
	fd = 12345;
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, ENOSPC);
}

static void
test_nonblock(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_nonblock(p[0], NULL), 0);
	assert_int_not_equal(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(p[1], F_GETFL) & O_NONBLOCK, 0);
	close(p[0]);
	close(p[1]);
	assert_int_equal(fd_nonblock(p[0], NULL), -1);
}

static bool
exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, 0) == 0;
}

static void
test_rename_new(void **state)
{
	/* clang-format off */
	static const struct {
		int rename_error, unlink_error;
		bool taken; /* the new name exists already */
		int error;  /* what comes of it */
	} rows[] = {
		{ 0,          0,   false, 0 },
		{ 0,          0,   true,  EEXIST },
		{ ENOSPC,     0,   false, ENOSPC },
		{ EINVAL,     0,   false, 0 },
		{ ENOSYS,     0,   false, 0 },
		{ EOPNOTSUPP, 0,   false, 0 },
		{ EINVAL,     0,   true,  EEXIST },
		{ EINVAL,     EIO, false, EIO },
	};
	/* clang-format on */
	char top[] = "/tmp/pabal-fd-XXXXXX";
	int dir;

	(void)state;
	assert_non_null(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
		int rc;

		close(openat(dir, "old", flags, 0600));
		if (rows[i].taken)
			close(openat(dir, "new", flags, 0600));
		rename_error = rows[i].rename_error;
		unlink_error = rows[i].unlink_error;
		rc = fd_rename_new(dir, "old", dir, "new");
		assert_int_equal(rc, rows[i].error != 0 ? -1 : 0);
		if (rc == -1)
			assert_int_equal(errno, rows[i].error);
		assert_int_equal(exists(dir, "old"), rc == -1);
		assert_int_equal(exists(dir, "new"), rc == 0 || rows[i].taken);
		unlink_error = 0;
		if (exists(dir, "old"))
			assert_int_equal(unlinkat(dir, "old", 0), 0);
		if (exists(dir, "new"))
			assert_int_equal(unlinkat(dir, "new", 0), 0);
	}
	close(dir);
	assert_int_equal(rmdir(top), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read_back),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_read_rest),
		cmocka_unit_test(test_close_keeps_errno),
		cmocka_unit_test(test_nonblock),
		cmocka_unit_test(test_rename_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
