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
	struct kv_env *env = kv_open(dirfd_, &err);
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
	env = kv_open(dirfd_, &err);
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
	struct kv_env *env = kv_open(dirfd_, &err);
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
	struct kv_env *env = kv_open(dirfd_, &err);
	int status;
	pid_t pid;

	(void)state;
	put(env, SLICE("k"), SLICE("before"));
	expect(env, SLICE("k"), "before");
	kv_close(&env);
	pid = fork();
	if (pid == 0) {
		env = kv_open(dirfd_, &err);
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
	env = kv_open(dirfd_, &err);
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

		env = kv_open(dirfd_, &err);
		put(env, SLICE("k"), SLICE("kept"));
		t = kv_write(env, 0, &err);
		kv_put(t, SLICE("k"), SLICE("lost"), &err);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	env = kv_open(dirfd_, &err);
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
	struct kv_env *env = kv_open(dirfd_, &err);
	int fd;

	(void)state;
	for (int i = 0; i < 50; i++) {
		char key[16];

		snprintf(key, sizeof key, "%d", i);
		put(env, slice_str(key), slice_of(key, sizeof key));
	}
	assert_false(kv_orphan(env));
	kv_close(&env);
	fd = openat(dirfd_, "data.mdb", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_null(kv_open(dirfd_, &err));
	assert_int_equal(err.class, ERR_PERM);
	assert_int_equal(
	    pwrite(fd, "garbage garbage garbage garbage", 31, 0), 31);
	assert_int_equal(
	    pwrite(fd, "garbage garbage garbage garbage", 31, 16), 31);
	close(fd);
	assert_null(kv_open(dirfd_, &err));
	assert_int_equal(err.class, ERR_PERM);
	unlinkat(dirfd_, "data.mdb", 0);
	assert_int_equal(symlinkat("/tmp/elsewhere", dirfd_, "data.mdb"), 0);
	assert_null(kv_open(dirfd_, &err));
	assert_int_equal(err.class, ERR_PERM);
	unlinkat(dirfd_, "data.mdb", 0);
	env = kv_open(dirfd_, &err);
	assert_non_null(env);
	unlinkat(dirfd_, "data.mdb", 0);
	assert_true(kv_orphan(env));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
