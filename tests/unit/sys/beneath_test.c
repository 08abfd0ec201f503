/* SPDX-License-Identifier: ISC */
#include "sys/beneath.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static char top_name[] = "/tmp/pabal-beneath-XXXXXX";
static int root; /* top/root; top/outside lies beside it */

static void
make_file(int at, const char *name)
{
	const int fd = openat(at, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static int
make_tree(void **state)
{
	int top;

	(void)state;
	if (mkdtemp(top_name) == NULL)
		return -1;
	top = open(top_name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	make_file(top, "outside");
	assert_int_equal(mkdirat(top, "root", 0700), 0);
	root = openat(top, "root", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	close(top);
	assert_int_equal(mkdirat(root, "dir", 0700), 0);
	make_file(root, "file");
	make_file(root, "dir/file");
	assert_int_equal(symlinkat("file", root, "link"), 0);
	assert_int_equal(symlinkat("../outside", root, "out"), 0);
	assert_int_equal(symlinkat("/etc/passwd", root, "abs"), 0);
	assert_int_equal(symlinkat("dir", root, "dirlink"), 0);
	assert_int_equal(symlinkat("loop", root, "loop"), 0);
	return 0;
}

static int
remove_tree(void **state)
{
	char cmd[100];

	(void)state;
	close(root);
	snprintf(cmd, sizeof cmd, "rm -r %s", top_name);
	return system(cmd);
}

static void
test_paths(void **state)
{
	/* clang-format off */
	static const struct {
		const char *path;
		int flags;
		int error; /* 0: opened */
		enum err_class class;
	} rows[] = {
		{ "file",            O_RDONLY, 0,       ERR_NONE },
		{ "dir/file",        O_RDONLY, 0,       ERR_NONE },
		{ "dir/../file",     O_RDONLY, 0,       ERR_NONE },
		{ "./dir//file",     O_RDONLY, 0,       ERR_NONE },
		{ "dir",             O_DIRECTORY, 0,    ERR_NONE },
		{ "new",             O_CREAT | O_EXCL | O_WRONLY, 0, ERR_NONE },
		{ "dir/new",         O_CREAT | O_EXCL | O_WRONLY, 0, ERR_NONE },
		{ "..",              O_RDONLY, EXDEV,   ERR_PERM },
		{ "../outside",      O_RDONLY, EXDEV,   ERR_PERM },
		{ "dir/../../outside", O_RDONLY, EXDEV, ERR_PERM },
		{ "/etc/passwd",     O_RDONLY, EXDEV,   ERR_PERM },
		{ "/",               O_RDONLY, EXDEV,   ERR_PERM },
		{ "link",            O_RDONLY, ELOOP,   ERR_PERM },
		{ "out",             O_RDONLY, ELOOP,   ERR_PERM },
		{ "abs",             O_RDONLY, ELOOP,   ERR_PERM },
		{ "loop",            O_RDONLY, ELOOP,   ERR_PERM },
		{ "dirlink/file",    O_RDONLY, ELOOP,   ERR_PERM },
		{ "out",             O_CREAT | O_WRONLY, ELOOP, ERR_PERM },
		{ "../evil",         O_CREAT | O_WRONLY, EXDEV, ERR_PERM },
		{ "absent",          O_RDONLY, ENOENT,  ERR_TEMP },
		{ "",                O_RDONLY, ENOENT,  ERR_TEMP },
		{ "file/x",          O_RDONLY, ENOTDIR, ERR_TEMP },
		{ "file",            O_CREAT | O_EXCL | O_WRONLY, EEXIST, ERR_TEMP },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		int fd;

		errno = 0;
		fd =
		    beneath_open(root, rows[i].path, rows[i].flags, 0640, &err);
		if ((fd != -1) != (rows[i].error == 0) ||
		    (fd == -1 && errno != rows[i].error))
			fail_msg("\"%s\": fd %d, %s", rows[i].path, fd,
			    strerror(errno));
		assert_int_equal(err.class, rows[i].class);
		if (fd == -1)
			continue;
		assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
		close(fd);
	}
}

static void
test_mode(void **state)
{
	struct stat st;
	const mode_t old = umask(0);
	int fd;

	(void)state;
	fd = beneath_open(root, "mode", O_CREAT | O_WRONLY, 0640, NULL);
	umask(old);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	close(fd);
	/* O_DIRECTORY is a part of O_TMPFILE: no mode goes with it alone. */
	fd = beneath_open(root, "dir", O_DIRECTORY | O_RDONLY, 0640, NULL);
	assert_int_not_equal(fd, -1);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_mode),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
