/* SPDX-License-Identifier: ISC */
#include "sys/kv.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/pabal-kv.XXXXXX";
static char path[64];
static int dirfd_;

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/pabal-kv.XXXXXX");
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_ == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(dirfd_, "data.mdb", 0);
	unlinkat(dirfd_, "lock.mdb", 0);
	close(dirfd_);
	return rmdir(dir);
}

static void
put(struct kv_env *env, struct slice key, struct slice value)
{
	struct err err;
	struct kv_txn *t = kv_write(env, 100, &err);

	assert_non_null(t);
	assert_int_equal(kv_put(t, key, value, &err), 0);
	assert_int_equal(kv_commit(&t, &err), 0);
}

static void
expect(struct kv_env *env, struct slice key, const char *want)
{
	struct err err;
	struct slice v;
	struct kv_txn *t = kv_read(env, &err);

	assert_non_null(t);
	if (want == NULL) {
		assert_int_equal(kv_get(t, key, &v, &err), ABSENT);
	} else {
		assert_int_equal(kv_get(t, key, &v, &err), FOUND);
		assert_true(slice_is(v, want));
	}
	kv_abort(&t);
}

static void
test_put_get_del(void **state)
{
	struct err err;
	struct kv_env *env = kv_open(dirfd_, NULL, &err);
	struct kv_txn *t;

	(void)state;
	assert_non_null(env);
	put(env, SLICE("a"), SLICE("one"));
	put(env, SLICE("a"), SLICE("two"));
	expect(env, SLICE("a"), "two");
	t = kv_write(env, 0, &err);
	assert_int_equal(kv_del(t, SLICE("a"), &err), 0);
	assert_int_equal(kv_del(t, SLICE("nowhere"), &err), 0);
	kv_abort(&t);
	expect(env, SLICE("a"), "two");
	kv_close(&env);
	env = kv_open(dirfd_, NULL, &err);
	expect(env, SLICE("a"), "two");
	expect(env, SLICE("b"), NULL);
	assert_int_equal(kv_sync(env, &err), 0);
	kv_close(&env);
	assert_null(env);
}

static void
test_cursor(void **state)
{
	static const char *const keys[] = { "a1", "a2", "b1" };
	struct err err;
	struct kv_env *env = kv_open(dirfd_, NULL, &err);
	struct kv_cursor *c;
	struct kv_txn *t;
	struct slice k, v;

	(void)state;
	for (int i = 0; i < 3; i++)
		put(env, slice_str(keys[i]), slice_str(keys[i]));
	t = kv_write(env, 0, &err);
	c = kv_cursor_open(t, &err);
	assert_int_equal(kv_seek(c, SLICE("a"), &k, &v, &err), FOUND);
	assert_true(slice_is(k, "a1"));
	assert_int_equal(kv_set(c, k, SLICE("new"), &err), 0);
	assert_int_equal(kv_next(c, &k, &v, &err), FOUND);
	assert_true(slice_is(k, "a2"));
	assert_int_equal(kv_unset(c, &err), 0);
	assert_int_equal(kv_next(c, &k, &v, &err), FOUND);
	assert_true(slice_is(k, "b1"));
	assert_int_equal(kv_next(c, &k, &v, &err), ABSENT);
	assert_int_equal(kv_before(c, SLICE("b1"), &k, &v, &err), FOUND);
	assert_true(slice_is(k, "a1"));
	assert_true(slice_is(v, "new"));
	assert_int_equal(kv_before(c, SLICE("z"), &k, &v, &err), FOUND);
	assert_true(slice_is(k, "b1"));
	assert_int_equal(kv_before(c, SLICE("a1"), &k, &v, &err), ABSENT);
	assert_int_equal(kv_seek(c, SLICE("z"), &k, &v, &err), ABSENT);
	kv_cursor_close(&c);
	assert_int_equal(kv_commit(&t, &err), 0);
	kv_close(&env);
}

/* Far more than the first map, by one process while another has it open. */
static void
test_growth_seen_by_others(void **state)
{
	static char big[1 << 20];
	struct err err;
	struct kv_env *env = kv_open(dirfd_, NULL, &err);
	int status;
	pid_t pid;

	(void)state;
	put(env, SLICE("k"), SLICE("before"));
	expect(env, SLICE("k"), "before");
	kv_close(&env);
	pid = fork();
	if (pid == 0) {
		env = kv_open(dirfd_, NULL, &err);
		for (char i = 'a'; env != NULL && i < 'a' + 24; i++) {
			struct kv_txn *t = kv_write(env, sizeof big, &err);

			if (t == NULL ||
			    kv_put(t, slice_of(&i, 1),
				slice_of(big, sizeof big), &err) == -1 ||
			    kv_commit(&t, &err) == -1)
				_exit(1);
		}
		_exit(env != NULL ? 0 : 1);
	}
	env = kv_open(dirfd_, NULL, &err);
	expect(env, SLICE("k"), "before");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect(env, SLICE("nowhere"), NULL);
	put(env, SLICE("k"), SLICE("after"));
	expect(env, SLICE("k"), "after");
	assert_true(kv_size(env) > 24 << 20);
	kv_close(&env);
}

/* A writer that is killed amid a transaction leaves its turn to others and
 * nothing of what it wrote. */
static void
test_killed_writer(void **state)
{
	struct err err;
	struct kv_env *env;
	int ready[2];
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct kv_txn *t;

		env = kv_open(dirfd_, NULL, &err);
		put(env, SLICE("k"), SLICE("kept"));
		t = kv_write(env, 0, &err);
		kv_put(t, SLICE("k"), SLICE("lost"), &err);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	env = kv_open(dirfd_, NULL, &err);
	assert_non_null(env);
	expect(env, SLICE("k"), "kept");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	put(env, SLICE("l"), SLICE("mine"));
	expect(env, SLICE("k"), "kept");
	kv_close(&env);
	close(ready[0]);
	close(ready[1]);
}

static void
test_damage_is_told(void **state)
{
	struct err err = { 0 };
	struct kv_env *env = kv_open(dirfd_, NULL, &err);
	int fd;

	(void)state;
	for (int i = 0; i < 50; i++) {
		char key[16];

		snprintf(key, sizeof key, "%d", i);
		put(env, slice_str(key), slice_of(key, sizeof key));
	}
	assert_false(kv_stale(env));
	kv_close(&env);
	fd = openat(dirfd_, "data.mdb", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_null(kv_open(dirfd_, NULL, &err));
	assert_int_equal(err.class, ERR_TEMP);
	assert_int_equal(
	    pwrite(fd, "garbage garbage garbage garbage", 31, 0), 31);
	assert_int_equal(
	    pwrite(fd, "garbage garbage garbage garbage", 31, 16), 31);
	close(fd);
	assert_null(kv_open(dirfd_, NULL, &err));
	assert_int_equal(err.class, ERR_TEMP);
	unlinkat(dirfd_, "data.mdb", 0);
	assert_int_equal(symlinkat("/tmp/elsewhere", dirfd_, "data.mdb"), 0);
	assert_null(kv_open(dirfd_, NULL, &err));
	assert_int_equal(err.class, ERR_TEMP);
	unlinkat(dirfd_, "data.mdb", 0);
	env = kv_open(dirfd_, NULL, &err);
	assert_non_null(env);
	unlinkat(dirfd_, "data.mdb", 0);
	assert_true(kv_stale(env));
	kv_close(&env);
}

/* Read all of the table; what could be read is right. */
static int
read_all(struct kv_env *env, unsigned n)
{
	struct err err;
	struct kv_txn *t = kv_read(env, &err);
	struct kv_cursor *c = t != NULL ? kv_cursor_open(t, &err) : NULL;
	enum found f = TEMPFAIL;
	unsigned seen = 0;
	struct slice k, v;

	if (c != NULL)
		f = kv_seek(c, SLICE("key"), &k, &v, &err);
	while (f == FOUND) {
		char want[16];

		snprintf(want, sizeof want, "key%05u", seen);
		if (!slice_is(k, want))
			break;
		seen++;
		f = kv_next(c, &k, &v, &err);
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	return f == ABSENT && seen == n ? 0 : -1;
}

static int
write_all(struct kv_env *env, unsigned n)
{
	struct err err;
	struct kv_txn *t = kv_write(env, 100, &err);
	int rc = t != NULL ? 0 : -1;
	char key[16];

	for (unsigned i = 0; i < n && rc == 0; i++) {
		snprintf(key, sizeof key, "key%05u", i);
		rc = kv_put(t, slice_str(key), SLICE("other"), &err);
	}
	if (rc == 0)
		return kv_commit(&t, &err);
	kv_abort(&t);
	return -1;
}

/* A disk that lost a page ends no process: calls fail, the table says that it
 * is damaged, and its witness is gone. */
static void
test_lost_pages(void **state)
{
	enum { KEYS = 3000, PAGE = 4096 };
	static const char zero[PAGE];
	struct err err;
	struct kv_env *env = kv_open(dirfd_, "witness", &err);
	unsigned told = 0;
	char *copy;
	int64_t size;
	int fd;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(write_all(env, KEYS), 0);
	size = kv_size(env);
	kv_close(&env);
	fd = openat(dirfd_, "data.mdb", O_RDWR | O_CLOEXEC);
	copy = malloc((size_t)size);
	assert_int_equal(pread(fd, copy, (size_t)size, 0), size);
	for (int64_t at = 0; at < size; at += PAGE)
		for (int write = 0; write < 2; write++) {
			bool damaged = true;

			assert_int_equal(
			    pwrite(fd, copy, (size_t)size, 0), size);
			close(openat(dirfd_, "witness",
			    O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
			/* While it is open, but for the first two pages. */
			if (at >= 2 * PAGE)
				env = kv_open(dirfd_, "witness", &err);
			assert_int_equal(pwrite(fd, zero, PAGE, at), PAGE);
			if (at < 2 * PAGE)
				env = kv_open(dirfd_, "witness", &err);
			if (env != NULL) {
				const int rc = write ? write_all(env, KEYS)
						     : read_all(env, KEYS);

				damaged = kv_damaged(env);
				if (!write && rc == -1)
					assert_true(damaged);
				kv_close(&env);
			}
			told += damaged;
			assert_int_equal(faccessat(dirfd_, "witness", F_OK, 0),
			    damaged ? -1 : 0);
		}
	assert_true(told > 40);
	unlinkat(dirfd_, "witness", 0);
	free(copy);
	close(fd);
}

/* A process that ends with the table open, in the middle of a transaction or
 * between two. */
static void
end_one(bool reading, bool writing)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct kv_env *env = kv_open(dirfd_, "witness", NULL);
		struct kv_txn *t = env == NULL ? NULL
				   : writing   ? kv_write(env, 0, NULL)
					       : kv_read(env, NULL);

		if (t == NULL)
			_exit(1);
		if (!reading)
			kv_abort(&t);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool
is_believed(void)
{
	struct kv_env *env = kv_open(dirfd_, "witness", NULL);
	const bool open = env != NULL;

	kv_close(&env);
	assert_int_equal(faccessat(dirfd_, "witness", F_OK, 0), open ? 0 : -1);
	return open;
}

/* Two processes that end while they read, one after the other, are enough to
 * doubt the table; others are killed for other reasons. */
static void
test_ends_are_counted(void **state)
{
	static const struct {
		const char *name;
		int times; /* until it is doubted */
		bool reading, writing;
	} rows[] = {
		{ "reading", 2, true, false },
		{ "writing", 2, true, true },
		{ "between reading", 6, false, false },
		{ "between writing", 6, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int ends = 0;

		close(openat(
		    dirfd_, "witness", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		do {
			end_one(rows[i].reading, rows[i].writing);
			ends++;
		} while (is_believed() && ends < 10);
		if (ends != rows[i].times)
			fail_msg("%s: after %d", rows[i].name, ends);
		/* Once told, it is not told again. */
		close(openat(
		    dirfd_, "witness", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		assert_true(is_believed());
		unlinkat(dirfd_, "lock.mdb", 0);
	}
	unlinkat(dirfd_, "witness", 0);
}

/* Those that have it open and live are none, and do not hide others. */
static void
test_living_are_not_counted(void **state)
{
	int ready[2];
	char c;
	pid_t pid;

	(void)state;
	close(openat(dirfd_, "witness", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct kv_env *env = kv_open(dirfd_, "witness", NULL);
		struct kv_txn *t = kv_read(env, NULL);

		if (t == NULL || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	for (int i = 0; i < 10; i++)
		assert_true(is_believed());
	end_one(true, false);
	for (int i = 0; i < 10; i++)
		assert_true(is_believed());
	end_one(true, false);
	assert_false(is_believed());
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
}

/* The lock file has its room on the disk before it is mapped. */
static void
test_lock_has_room(void **state)
{
	struct err err;
	struct kv_env *env = kv_open(dirfd_, NULL, &err);
	struct stat sb;

	(void)state;
	assert_non_null(env);
	assert_int_equal(fstatat(dirfd_, "lock.mdb", &sb, 0), 0);
	assert_true(sb.st_size > 0 && sb.st_size <= 8192);
	assert_true(sb.st_blocks * 512 >= sb.st_size);
	kv_close(&env);
	/* One of an older release, with holes. */
	assert_int_equal(unlinkat(dirfd_, "lock.mdb", 0), 0);
	close(openat(dirfd_, "lock.mdb", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	snprintf(path, sizeof path, "%s/lock.mdb", dir);
	assert_int_equal(truncate(path, 64128), 0);
	env = kv_open(dirfd_, NULL, &err);
	assert_non_null(env);
	assert_int_equal(fstatat(dirfd_, "lock.mdb", &sb, 0), 0);
	assert_true(sb.st_blocks * 512 >= 64128);
	kv_close(&env);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(test_put_get_del),
		T(test_cursor),
		T(test_growth_seen_by_others),
		T(test_killed_writer),
		T(test_damage_is_told),
		T(test_lost_pages),
		T(test_ends_are_counted),
		T(test_living_are_not_counted),
		T(test_lock_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
