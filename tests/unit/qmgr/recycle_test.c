/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/recycle.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"
#include "tests/unit/qmgr/frame.h"

enum { KEPT_MIN = 32, KEPT_MAX = 256 };

static char *dir;
static int root, from, to;

static int
open_dir(const char *name)
{
	(void)mkdirat(root, name, 0700);
	return openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
setup(void **state)
{
	(void)state;
	dir = frame_dir();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	from = open_dir("from");
	to = open_dir("to");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return frame_remove(dir);
}

/* A message ID that leaves; its fd, which stays open. */
static int
leave(const char *id, const char *text, bool *kept)
{
	const int fd =
	    openat(from, id, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, slice_str(text), NULL), 0);
	*kept = recycle_put(from, id, false);
	return fd;
}

static void
leave_many(int n)
{
	static int serial;

	for (int i = 0; i < n; i++) {
		char id[24];
		bool kept;

		snprintf(id, sizeof id, "MANY%d", serial++);
		close(leave(id, "some text", &kept));
		assert_true(kept);
	}
}

static bool
exists(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0;
}

static void
test_emptied_and_renamed(void **state)
{
	struct stat st;
	bool kept;
	int fd;

	(void)state;
	assert_int_equal(recycle_init(root, NULL), 0);
	assert_int_equal(recycle_get(to, "A"), -1);
	close(leave("FIRST", "the text of the first", &kept));
	assert_true(kept);
	assert_false(exists(from, "FIRST"));
	/* Not at once: its deliverer may be about to close it. */
	leave_many(KEPT_MIN - 2);
	assert_int_equal(recycle_get(to, "A"), -1);
	leave_many(1);
	fd = recycle_get(to, "A");
	assert_int_not_equal(fd, -1);
	assert_true(exists(to, "A"));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(fd_write_all(fd, SLICE("new"), NULL), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close(fd);
}

/* Somebody holds on to it, for writing or for reading: never used again. */
static void
test_open_elsewhere(void **state)
{
	static const int modes[] = { O_RDWR, O_WRONLY, O_RDONLY };
	char text[10];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		bool kept;
		int held, fd;

		assert_int_equal(recycle_init(root, NULL), 0);
		close(leave("HELD", "secret", &kept));
		held = openat(root, "free/HELD", modes[i] | O_CLOEXEC);
		assert_int_not_equal(held, -1);
		leave_many(KEPT_MIN);
		assert_int_equal(recycle_get(to, "B"), -1);
		assert_false(exists(to, "B"));
		assert_false(exists(root, "free/HELD"));
		if (modes[i] != O_WRONLY)
			assert_int_equal(pread(held, text, 6, 0), 6);
		/* The next one is free. */
		fd = recycle_get(to, "B");
		assert_int_not_equal(fd, -1);
		close(fd);
		close(held);
		unlinkat(to, "B", 0);
	}
}

/* Nobody else can have it: not even a lease is asked for. */
static void
test_own(void **state)
{
	int held, fd;

	(void)state;
	assert_int_equal(recycle_init(root, NULL), 0);
	held = openat(from, "OWN", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(fd_write_all(held, SLICE("text"), NULL), 0);
	assert_true(recycle_put(from, "OWN", true));
	leave_many(KEPT_MIN);
	fd = recycle_get(to, "O");
	assert_int_not_equal(fd, -1);
	assert_true(exists(to, "O"));
	close(fd);
	close(held);
	unlinkat(to, "O", 0);
}

/* A second name, a large one: not used again either. */
static void
test_unfit(void **state)
{
	bool kept;
	int fd;

	(void)state;
	assert_int_equal(recycle_init(root, NULL), 0);
	close(leave("LINKED", "x", &kept));
	assert_int_equal(linkat(root, "free/LINKED", root, "other", 0), 0);
	fd = leave("LARGE", "x", &kept);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	close(fd);
	leave_many(KEPT_MIN);
	assert_int_equal(recycle_get(to, "C"), -1);
	assert_int_equal(recycle_get(to, "C"), -1);
	fd = recycle_get(to, "C");
	assert_int_not_equal(fd, -1);
	close(fd);
	unlinkat(to, "C", 0);
}

static void
test_bounded_and_emptied_at_start(void **state)
{
	bool kept;

	(void)state;
	assert_int_equal(recycle_init(root, NULL), 0);
	leave_many(KEPT_MAX);
	close(leave("TOOMANY", "x", &kept));
	assert_false(kept);
	assert_true(exists(from, "TOOMANY"));
	unlinkat(from, "TOOMANY", 0);
	assert_false(recycle_put(from, "ABSENT", false));
	/* A full disk gets its room back. */
	recycle_drop();
	assert_int_equal(recycle_get(to, "D"), -1);
	assert_int_equal(unlinkat(root, "free", AT_REMOVEDIR), 0);
	assert_int_equal(recycle_init(root, NULL), 0);
	leave_many(KEPT_MIN);
	assert_int_equal(recycle_init(root, NULL), 0);
	assert_int_equal(recycle_get(to, "D"), -1);
	assert_int_equal(unlinkat(root, "free", AT_REMOVEDIR), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emptied_and_renamed),
		cmocka_unit_test(test_open_elsewhere),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_bounded_and_emptied_at_start),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
