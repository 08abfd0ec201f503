/* SPDX-License-Identifier: ISC */
/* A certificate and its key are replaced together, wherever it is cut. */
#include "ctl/check/certs.h"

#include "tests/fault.h"
#include "tests/unit.h"

#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tls/selfsigned.h"

enum { OLD, NEW, THIRD, NPAIRS };

static struct {
	struct buf cert, key;
} pairs[NPAIRS];
static char dir[] = "/tmp/pabal-certs.XXXXXX";
static char *cert_file, *key_file;

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	cert_file = xasprintf("%s/cert.pem", dir);
	key_file = xasprintf("%s/key.pem", dir);
	for (size_t i = 0; i < NPAIRS; i++) {
		buf_init(&pairs[i].cert, CERT_PEM_MAX);
		buf_init(&pairs[i].key, CERT_PEM_MAX);
		assert_int_equal(selfsigned_make(SLICE("a.example"), NULL, 0,
				     30, &pairs[i].cert, &pairs[i].key, NULL),
		    0);
	}
	return 0;
}

static int
teardown(void **state)
{
	char *cmd = xasprintf("rm -rf %s", dir);

	(void)state;
	assert_int_equal(system(cmd), 0);
	free(cmd);
	free(cert_file);
	free(key_file);
	for (size_t i = 0; i < NPAIRS; i++) {
		buf_fini(&pairs[i].cert);
		buf_fini(&pairs[i].key);
	}
	return 0;
}

/* As root keys must be somebody (make accounts). */
static void
need_keys_user(void)
{
	if (geteuid() == 0 && getpwnam("pabal-keys") == NULL)
		skip();
}

static int
write_pair(int i)
{
	struct err err;

	return certs_write(cert_file, buf_slice(&pairs[i].cert), key_file,
	    buf_slice(&pairs[i].key), &err);
}

static struct buf
content(const char *path)
{
	struct buf b = { .max = CERT_PEM_MAX };
	struct err err;

	if (certs_read(path, &b, &err) == -1)
		fail_msg("%s", err.text);
	return b;
}

/* Which pair is there, as keys finds it: the certificate, and in any file that
 * it reads the key that belongs to it. */
static int
pair_there(void)
{
	struct buf cert = content(cert_file);
	const struct dirent *e;
	DIR *d = opendir(dir);
	bool whole = false;
	int i = OLD;

	assert_non_null(d);
	while (i < NPAIRS &&
	       !slice_eq(buf_slice(&cert), buf_slice(&pairs[i].cert)))
		i++;
	assert_int_not_equal(i, NPAIRS);
	while ((e = readdir(d)) != NULL) {
		const struct slice name = slice_str(e->d_name);
		char *path;
		struct buf key;

		if (e->d_name[0] == '.' ||
		    (!slice_ends(name, SLICE(".pem")) &&
			!slice_ends(name, SLICE(".key"))))
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		key = content(path);
		whole = whole || certs_match(buf_slice(&cert), buf_slice(&key),
				     NULL) == 0;
		buf_fini(&key);
		free(path);
	}
	closedir(d);
	buf_fini(&cert);
	return whole ? i : -1;
}

static unsigned
count_files(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
test_key_is_secret(void **state)
{
	const struct passwd *pw = getpwnam("pabal-keys");
	struct stat st;

	(void)state;
	need_keys_user();
	assert_int_equal(write_pair(OLD), 0);
	assert_int_equal(pair_there(), OLD);
	assert_int_equal(count_files(), 2);
	assert_int_equal(stat(key_file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_uid, geteuid() == 0 ? pw->pw_uid : geteuid());
	assert_int_equal(stat(cert_file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
}

static void
test_cut_anywhere(void **state)
{
	unsigned calls;
	bool seen[NPAIRS] = { false };

	(void)state;
	need_keys_user();
	fault_count();
	assert_int_equal(write_pair(NEW), 0);
	calls = fault_calls();
	assert_true(calls > 10);
	for (unsigned i = 1; i <= calls; i++) {
		pid_t pid;
		int status;

		fault_off();
		assert_int_equal(write_pair(OLD), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			fault_arm(FAULT_EXIT, i, false);
			(void)write_pair(NEW);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(WEXITSTATUS(status), FAULT_STATUS);
		if (pair_there() == -1)
			fail_msg("half a pair after a cut at call %u", i);
		seen[pair_there()] = true;
	}
	assert_true(seen[OLD] && seen[NEW]);
}

/* What a run that was cut left is worth as much as what it found: the next one
 * may be cut, too. */
static void
test_cut_twice(void **state)
{
	unsigned calls;

	(void)state;
	need_keys_user();
	fault_count();
	assert_int_equal(write_pair(NEW), 0);
	calls = fault_calls();
	for (unsigned i = 1; i <= calls * calls; i++) {
		fault_off();
		assert_int_equal(write_pair(OLD), 0);
		for (unsigned k = 0; k < 2; k++) {
			const unsigned call =
			    1 + (k == 0 ? (i - 1) / calls : (i - 1) % calls);
			const pid_t pid = fork();
			int status;

			assert_int_not_equal(pid, -1);
			if (pid == 0) {
				fault_arm(FAULT_EXIT, call, false);
				(void)write_pair(k == 0 ? NEW : THIRD);
				_exit(0);
			}
			assert_int_equal(waitpid(pid, &status, 0), pid);
			if (pair_there() == -1)
				fail_msg("half a pair after cuts at calls "
					 "%u of %u",
				    i, calls);
		}
	}
}

static void
test_full_disk(void **state)
{
	unsigned calls;

	(void)state;
	need_keys_user();
	fault_count();
	assert_int_equal(write_pair(NEW), 0);
	calls = fault_calls();
	for (unsigned i = 1; i <= calls; i++) {
		fault_off();
		assert_int_equal(write_pair(OLD), 0);
		fault_arm(FAULT_NOSPC, i, true);
		(void)write_pair(NEW);
		fault_off();
		if (pair_there() == -1)
			fail_msg("half a pair after call %u failed", i);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_is_secret),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_cut_twice),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
