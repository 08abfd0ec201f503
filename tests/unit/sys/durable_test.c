/* SPDX-License-Identifier: ISC */
/* fsync and syncfs are replaced here: they count, fail when told so, and stop
 * at a gate, so that a batch can be made to grow while a sync is under way. */
#include "sys/durable.h"
#include "sys/durable_file.h"

#include "tests/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/fd.h"

enum { REQS = 20 };

static pthread_mutex_t gate_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool gate_shut;
static int at_gate;
static int fsyncs, syncfss;
static int fail_fd = -1; /* fsync of it fails, */
static bool fail_once;   /* the first time */
static int fail_syncfs;
static bool fail_any_fsync;
static long fs_type;   /* of every file system; 0: what it is */
static bool read_only; /* what an error makes of a file system */

static void
pass_gate(int *counter)
{
	pthread_mutex_lock(&gate_mutex);
	++*counter;
	at_gate++;
	pthread_cond_broadcast(&gate_moved);
	while (gate_shut)
		pthread_cond_wait(&gate_moved, &gate_mutex);
	at_gate--;
	pthread_mutex_unlock(&gate_mutex);
}

int
fsync(int fd)
{
	pass_gate(&fsyncs);
	if (fail_any_fsync || (fail_fd != -1 && fd == fail_fd)) {
		fail_fd = fail_once ? -1 : fail_fd;
		errno = EIO;
		return -1;
	}
	return 0;
}

int
syncfs(int fd)
{
	(void)fd;
	pass_gate(&syncfss);
	errno = fail_syncfs;
	return fail_syncfs != 0 ? -1 : 0;
}

int
fstatvfs(int fd, struct statvfs *fs)
{
	(void)fd;
	*fs = (struct statvfs){ .f_flag = read_only ? ST_RDONLY : 0 };
	return 0;
}

int
fstatfs(int fd, struct statfs *fs)
{
	(void)fd;
	*fs = (struct statfs){ .f_type = fs_type };
	return 0;
}

static void
set_gate(bool shut)
{
	pthread_mutex_lock(&gate_mutex);
	gate_shut = shut;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate_mutex);
}

static void
wait_at_gate(void)
{
	pthread_mutex_lock(&gate_mutex);
	while (at_gate == 0)
		pthread_cond_wait(&gate_moved, &gate_mutex);
	pthread_mutex_unlock(&gate_mutex);
}

struct commit {
	struct durable_req req;
	int error;
	int order; /* 0: not done */
};

static struct commit commits[REQS];
static int ndone;
static int dir;
static char dir_name[] = "/tmp/pabal-durable-XXXXXX";

static void
on_done(struct durable_req *req, int error)
{
	struct commit *c = OUTER(req, struct commit, req);

	assert_int_equal(c->order, 0);
	c->error = error;
	c->order = ++ndone;
}

static void
submit(struct durable *d, size_t i, int fd)
{
	commits[i] = (struct commit){
		.req = { .done = on_done, .fd = fd, .dirfd = dir },
	};
	durable_submit(d, &commits[i].req);
}

static void
reap_until(struct durable *d, int n)
{
	while (ndone < n) {
		struct pollfd p = { durable_fd(d), POLLIN, 0 };

		assert_int_equal(poll(&p, 1, 10000), 1);
		durable_reap(d);
	}
}

static int
reset(void **state)
{
	(void)state;
	ndone = fsyncs = syncfss = fail_syncfs = 0;
	fail_fd = -1;
	fail_any_fsync = fail_once = read_only = false;
	fs_type = 0;
	return 0;
}

static void
test_lone_file(void **state)
{
	struct durable *d = durable_new(dir, SYNC_AUTO);

	(void)state;
	submit(d, 0, 100);
	reap_until(d, 1);
	assert_int_equal(commits[0].error, 0);
	assert_int_equal(fsyncs, 2);
	assert_int_equal(syncfss, 0);
	submit(d, 1, -1);
	reap_until(d, 2);
	assert_int_equal(fsyncs, 3);
	assert_int_equal(durable_syncs(d), 3);
	durable_free(&d);
	assert_null(d);
	durable_free(&d);
}

/* What is submitted during a sync shares the next one. */
static void
test_group_commit(void **state)
{
	/* clang-format off */
	static const struct {
		enum sync_method method;
		int batch;
		int fsyncs, syncfss; /* of the batch */
	} rows[] = {
		{ SYNC_AUTO,   1,        2,              0 },
		{ SYNC_AUTO,   2,        0,              1 },
		{ SYNC_AUTO,   REQS - 1, 0,              1 },
		{ SYNC_FSYNC,  REQS - 1, 2 * (REQS - 1), 0 },
		{ SYNC_SYNCFS, 1,        0,              1 },
		{ SYNC_SYNCFS, REQS - 1, 0,              1 },
	};
	/* clang-format on */

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct durable *d = durable_new(dir, rows[r].method);
		const int n = rows[r].batch;
		int first_fsyncs, first_syncfss;

		reset(state);
		set_gate(true);
		submit(d, 0, 100);
		wait_at_gate();
		for (int i = 1; i <= n; i++)
			submit(d, (size_t)i, 100 + i);
		set_gate(false);
		reap_until(d, n + 1);
		first_syncfss = rows[r].method == SYNC_SYNCFS ? 1 : 0;
		first_fsyncs = rows[r].method == SYNC_SYNCFS ? 0 : 2;
		assert_int_equal(fsyncs, first_fsyncs + rows[r].fsyncs);
		assert_int_equal(syncfss, first_syncfss + rows[r].syncfss);
		for (int i = 0; i <= n; i++) {
			assert_int_equal(commits[i].error, 0);
			assert_int_equal(commits[i].order, i + 1);
		}
		durable_free(&d);
	}
}

/* What nobody waits for goes along with the next sync: as another file would,
 * or behind what is waited for. */
static void
test_touched(void **state)
{
	/* clang-format off */
	static const struct {
		enum sync_method method;
		int batch;
		bool touch;
		int fsyncs, syncfss;
	} rows[] = {
		{ SYNC_AUTO,   1, true,  0, 1 },
		{ SYNC_AUTO,   0, true,  0, 1 }, /* nothing but what was touched */
		{ SYNC_SYNCFS, 1, true,  0, 1 },
		{ SYNC_FSYNC,  1, true,  2, 1 },
		{ SYNC_FSYNC,  0, true,  0, 1 },
		{ SYNC_AUTO,   0, false, 0, 0 },
		{ SYNC_FSYNC,  0, false, 0, 0 },
	};
	/* clang-format on */

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct durable *d = durable_new(dir, rows[r].method);
		int n = rows[r].batch;

		reset(state);
		if (rows[r].touch)
			durable_touch(d);
		assert_int_equal(durable_touched(d), rows[r].touch);
		for (int i = 0; i < n; i++)
			submit(d, (size_t)i, 100 + i);
		if (n == 0) {
			commits[n++] =
			    (struct commit){ .req = { .done = on_done,
						 .fd = -1,
						 .dirfd = -1 } };
			durable_submit(d, &commits[0].req);
		}
		reap_until(d, n);
		assert_false(durable_touched(d));
		durable_free(&d);
		for (int i = 0; i < n; i++)
			assert_int_equal(commits[i].error, 0);
		assert_int_equal(fsyncs, rows[r].fsyncs);
		assert_int_equal(syncfss, rows[r].syncfss);
	}
}

/* What is touched during a sync waits for the next one. */
static void
test_touched_during_a_sync(void **state)
{
	struct durable *d = durable_new(dir, SYNC_AUTO);

	(void)state;
	set_gate(true);
	submit(d, 0, 100);
	wait_at_gate();
	durable_touch(d);
	set_gate(false);
	reap_until(d, 1);
	assert_true(durable_touched(d));
	assert_int_equal(syncfss, 0);
	submit(d, 1, 101);
	reap_until(d, 2);
	assert_false(durable_touched(d));
	assert_int_equal(syncfss, 1);
	durable_free(&d);
}

/* Nothing is called done before its sync has come back. */
static void
test_not_done_before_synced(void **state)
{
	struct durable *d = durable_new(dir, SYNC_AUTO);
	struct pollfd p = { durable_fd(d), POLLIN, 0 };

	(void)state;
	set_gate(true);
	submit(d, 0, 100);
	wait_at_gate();
	assert_int_equal(poll(&p, 1, 0), 0);
	durable_reap(d);
	assert_int_equal(ndone, 0);
	set_gate(false);
	reap_until(d, 1);
	durable_free(&d);
}

static void
wait_at_gate_of(struct durable *d, int first)
{
	set_gate(true);
	submit(d, (size_t)first, 100 + first);
	wait_at_gate();
}

/* One file's error is its own; a directory's is not: its descriptor is shared
 * and tells the first who asks. */
static void
test_fsync_errors(void **state)
{
	struct durable *d = durable_new(dir, SYNC_FSYNC);

	(void)state;
	fail_fd = 101;
	wait_at_gate_of(d, 0);
	submit(d, 1, 101);
	submit(d, 2, 102);
	set_gate(false);
	reap_until(d, 3);
	assert_int_equal(commits[0].error, 0);
	assert_int_equal(commits[1].error, EIO);
	assert_int_equal(commits[2].error, 0);
	/* Each file and its directory, that of 101 too: requests that give no
	 * directory count on the one that does. */
	assert_int_equal(fsyncs, 6);
	fail_fd = dir;
	fail_once = true;
	wait_at_gate_of(d, 3);
	submit(d, 4, 104);
	submit(d, 5, 105);
	set_gate(false);
	reap_until(d, 6);
	for (int i = 3; i <= 5; i++)
		assert_int_equal(commits[i].error, EIO);
	assert_int_equal(fail_fd, -1);
	/* What is named afterwards is written anew. */
	submit(d, 6, 106);
	reap_until(d, 7);
	assert_int_equal(commits[6].error, 0);
	durable_free(&d);
}

/* Nor does it say anything when another process was told of the error and the
 * file system is read-only since. */
static void
test_made_read_only(void **state)
{
	const pid_t pid = fork(); /* no syncfs is believed in it afterwards */
	int status;

	(void)state;
	if (pid == 0) {
		struct durable *d = durable_new(dir, SYNC_SYNCFS);

		read_only = true;
		submit(d, 0, 100);
		reap_until(d, 1);
		durable_free(&d);
		_exit(commits[0].error == EROFS && fd_sync_fs(dir, NULL) == -1
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* syncfs says 0 after it has told of an error: it is not asked again, by no
 * pool and with no method. */
static void
test_syncfs_errors(void **state)
{
	/* clang-format off */
	static const enum sync_method methods[] = { SYNC_SYNCFS, SYNC_AUTO };
	/* clang-format on */
	struct durable *d = durable_new(dir, SYNC_SYNCFS);
	int asked;

	fail_syncfs = ENOSPC;
	wait_at_gate_of(d, 0);
	submit(d, 1, 101);
	submit(d, 2, 102);
	set_gate(false);
	reap_until(d, 3);
	for (int i = 0; i <= 2; i++)
		assert_int_equal(commits[i].error, ENOSPC);
	asked = syncfss;
	assert_int_equal(asked, 1);
	durable_free(&d);
	for (size_t r = 0; r < ARRAY_LEN(methods); r++) {
		reset(state);
		d = durable_new(dir, methods[r]);
		fail_fd = 102;
		wait_at_gate_of(d, 0);
		for (int i = 1; i <= 3; i++)
			submit(d, (size_t)i, 100 + i);
		set_gate(false);
		reap_until(d, 4);
		assert_int_equal(syncfss, 0);
		assert_int_equal(commits[1].error, 0);
		assert_int_equal(commits[2].error, EIO);
		assert_int_equal(commits[3].error, 0);
		durable_free(&d);
	}
}

/* Where syncfs comes back before the server has synced anything, each file is
 * synced. */
static void
test_file_systems_without_syncfs(void **state)
{
	/* clang-format off */
	static const struct {
		long type;
		int syncfss;
	} rows[] = {
		{ FUSE_SUPER_MAGIC, 0 }, { V9FS_MAGIC, 0 },
		{ CIFS_SUPER_MAGIC, 0 }, { (int)SMB2_SUPER_MAGIC, 0 },
		{ NFS_SUPER_MAGIC, 1 },  { EXT4_SUPER_MAGIC, 1 },
	};
	/* clang-format on */

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct durable *d;

		reset(state);
		fs_type = rows[r].type;
		d = durable_new(dir, SYNC_SYNCFS);
		submit(d, 0, 100);
		reap_until(d, 1);
		assert_int_equal(syncfss, rows[r].syncfss);
		assert_int_equal(fsyncs, 2 - 2 * rows[r].syncfss);
		durable_free(&d);
	}
}

/* Or where the kernel has none: then nothing fails of it. */
static void
test_no_syncfs(void **state)
{
	const pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct durable *d = durable_new(dir, SYNC_SYNCFS);

		fail_syncfs = ENOSYS;
		submit(d, 0, 100);
		reap_until(d, 1);
		durable_free(&d);
		_exit(commits[0].error == 0 && fsyncs == 2 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* syncfs reaches one file system only. */
static void
test_other_file_system(void **state)
{
	static const enum sync_method methods[] = { SYNC_SYNCFS, SYNC_AUTO };
	int other = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat here, there;

	if (other == -1 || fstat(dir, &here) == -1 ||
	    fstat(other, &there) == -1 || here.st_dev == there.st_dev)
		skip();
	for (size_t r = 0; r < ARRAY_LEN(methods); r++) {
		struct durable *d = durable_new(dir, methods[r]);

		reset(state);
		wait_at_gate_of(d, 0);
		submit(d, 1, dir);
		submit(d, 2, dir);
		set_gate(false);
		reap_until(d, 3);
		assert_true(syncfss > 0);
		reset(state);
		wait_at_gate_of(d, 0);
		syncfss = 0;
		submit(d, 1, dir);
		submit(d, 2, other);
		set_gate(false);
		reap_until(d, 3);
		assert_int_equal(syncfss, 0);
		assert_true(fsyncs >= 4);
		durable_free(&d);
	}
	close(other);
}

static void *
open_gate_later(void *arg)
{
	/* The main thread is on its way into durable_free. */
	(void)arg;
	set_gate(false);
	return NULL;
}

/* The end: what is under way is finished, what waits is not believed. */
static void
test_free_with_open_requests(void **state)
{
	struct durable *d = durable_new(dir, SYNC_AUTO);
	pthread_t opener;

	(void)state;
	set_gate(true);
	submit(d, 0, 100);
	wait_at_gate();
	submit(d, 1, 101);
	submit(d, 2, 102);
	assert_int_equal(
	    pthread_create(&opener, NULL, open_gate_later, NULL), 0);
	durable_free(&d);
	pthread_join(opener, NULL);
	assert_int_equal(ndone, 3);
	assert_int_equal(commits[0].error, 0);
	/* A fast thread may have begun the second batch before the end. */
	for (int i = 1; i <= 2; i++)
		assert_true(
		    commits[i].error == 0 || commits[i].error == ECANCELED);
}

static void
check_body(const char *name, const char *want)
{
	struct buf b;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	buf_init(&b, 100);
	assert_int_equal(fd_read_file(fd, &b, NULL), 0);
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
	close(fd);
}

/* Names in the directory, without "." and "..". */
static int
count_files(void)
{
	DIR *d = opendir(dir_name);
	int n = -2;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* What one thread has finished the other's end does not lose (make tsan). */
static void
test_free_with_both_at_work(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct durable *d = durable_new(dir, SYNC_AUTO);

		ndone = 0;
		for (size_t i = 0; i < REQS; i++) {
			commits[i] = (struct commit){
				.req = { .done = on_done,
				    .fd = -1,
				    .dirfd = dir,
				    .name = "absent" },
			};
			if (i % 2 == 0)
				durable_submit(d, &commits[i].req);
			else
				durable_remove(d, &commits[i].req);
		}
		durable_free(&d);
		assert_int_equal(ndone, REQS);
	}
}

static void
test_replace(void **state)
{
	struct err err;
	struct stat st, like;

	(void)state;
	assert_int_equal(
	    durable_replace(dir, "t", SLICE("one"), 0640, &err), 0);
	assert_int_equal(fstatat(dir, "t", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(fsyncs, 2);
	check_body("t", "one");
	like = st;
	like.st_mode = S_IFREG | 0604;
	assert_int_equal(
	    durable_replace_like(dir, "t", SLICE("two"), &like, &err), 0);
	assert_int_equal(fstatat(dir, "t", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	check_body("t", "two");
	/* An error leaves the old one and no litter. */
	fail_any_fsync = true;
	assert_int_equal(
	    durable_replace(dir, "t", SLICE("three"), 0640, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	check_body("t", "two");
	fail_any_fsync = false;
	assert_int_equal(count_files(), 1);
	assert_int_equal(
	    durable_replace(dir, "no/t", SLICE("x"), 0640, &err), -1);
	assert_int_equal(mkdirat(dir, "d", 0700), 0);
	assert_int_equal(durable_replace(dir, "d", SLICE("x"), 0640, &err), -1);
	assert_int_equal(count_files(), 2);
	assert_int_equal(unlinkat(dir, "d", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir, "t", 0), 0);
}

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir_name) == NULL)
		return -1;
	dir = open(dir_name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return dir == -1 ? -1 : 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	close(dir);
	return rmdir(dir_name);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lone_file, reset),
		cmocka_unit_test_setup(test_group_commit, reset),
		cmocka_unit_test_setup(test_touched, reset),
		cmocka_unit_test_setup(test_touched_during_a_sync, reset),
		cmocka_unit_test_setup(test_not_done_before_synced, reset),
		cmocka_unit_test_setup(test_free_with_open_requests, reset),
		cmocka_unit_test_setup(test_free_with_both_at_work, reset),
		cmocka_unit_test_setup(test_replace, reset),
		cmocka_unit_test_setup(test_other_file_system, reset),
		cmocka_unit_test_setup(test_made_read_only, reset),
		cmocka_unit_test_setup(test_no_syncfs, reset),
		cmocka_unit_test_setup(test_file_systems_without_syncfs, reset),
		/* Last: no syncfs is believed in this process any more. */
		cmocka_unit_test_setup(test_syncfs_errors, reset),
		cmocka_unit_test_setup(test_fsync_errors, reset),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
