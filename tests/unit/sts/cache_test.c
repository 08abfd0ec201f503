/* SPDX-License-Identifier: ISC */
/*
 * The cache on a disk on which one call fails, or before which the process
 * ends: what was there before is there, or the new one is, whole; what was said
 * to be on disk is; and the next one leaves nothing behind.
 */
#include "sts/cache.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sts/policy.h"
#include "tests/fault.h"

static char dir[] = "/tmp/pabal-sts-XXXXXX";
static int fd = -1;
static char seen[8][300]; /* "domain mx", of what was loaded */
static size_t nseen;

static void
on_policy(struct slice domain, struct sts_policy *p)
{
	assert_true(nseen < ARRAY_LEN(seen));
	snprintf(
	    seen[nseen++], sizeof seen[0], "%.*s %s", SLICE_FMT(domain), p->mx);
}

static void
load(void)
{
	nseen = 0;
	assert_int_equal(sts_cache_open(fd, 1700000000, on_policy, NULL), 0);
}

static int
put(const char *domain, const char *mx)
{
	char text[200];
	struct sts_policy p = {
		.is = { MTASTS_ENFORCE, 86400 },
		.id = "1",
		.mx = text,
	};
	struct err err;

	(void)slice_copy(slice_str(mx), text, sizeof text);
	return sts_cache_put(domain, &p, &err);
}

static void
remove_all(void)
{
	char command[200];

	snprintf(command, sizeof command, "rm -rf %s/* %s/.[a-z]*", dir, dir);
	assert_int_equal(system(command), 0);
}

static size_t
count_files(void)
{
	char command[200], line[20] = "";
	FILE *f;

	snprintf(command, sizeof command, "ls -A %s | wc -l", dir);
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	pclose(f);
	return (size_t)strtoul(line, NULL, 10);
}

static int
setup(void **state)
{
	(void)state;
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	load();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	remove_all();
	close(fd);
	return rmdir(dir);
}

static void
test_put(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(put("a.test", "mx.a.test"), 0);
	assert_int_equal(put("a.test", "mx2.a.test"), 0);
	assert_int_equal(put("b.test", "mx.b.test"), 0);
	assert_int_equal(sts_cache_del("b.test", &err), 0);
	assert_int_equal(sts_cache_del("b.test", &err), 0);
	load();
	assert_int_equal(nseen, 1);
	assert_string_equal(seen[0], "a.test mx2.a.test");
}

/* What is corrupt or left over goes, what is not ours stays. */
static void
test_foreign(void **state)
{
	static const char *const names[] = { "a.test", ".b.test.0123abcd",
		"lost+found", "a b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const int f = openat(fd, names[i], O_CREAT | O_WRONLY, 0600);

		assert_int_equal(write(f, "id: 1\n", 6), 6);
		close(f);
	}
	assert_int_equal(symlinkat("/etc/passwd", fd, "c.test"), 0);
	load();
	assert_int_equal(nseen, 0);
	assert_int_equal(faccessat(fd, "a.test", F_OK, 0), -1);
	assert_int_equal(faccessat(fd, ".b.test.0123abcd", F_OK, 0), -1);
	assert_int_equal(faccessat(fd, "lost+found", F_OK, 0), 0);
	assert_int_equal(count_files(), 2);
}

/* CHANGE under KIND at call N; what it gave, or FAULT_STATUS. */
static int
change(enum fault_kind kind, unsigned n)
{
	int status;
	pid_t pid;

	if (kind != FAULT_EXIT) {
		fault_arm(kind, n, false);
		status = put("a.test", "new.test");
		fault_off();
		return status;
	}
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		fault_arm(kind, n, false);
		_exit(put("a.test", "new.test") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void
sweep(enum fault_kind kind, const char *before)
{
	unsigned calls;

	fault_count();
	assert_int_equal(put("a.test", "new.test"), 0);
	calls = fault_calls();
	fault_off();
	assert_true(calls >= 4);
	for (unsigned i = 1; i <= calls; i++) {
		int rc;

		remove_all();
		if (before != NULL)
			assert_int_equal(put("a.test", "old.test"), 0);
		rc = change(kind, i);
		load();
		assert_true(nseen <= 1);
		if (rc == 0)
			assert_string_equal(seen[0], "a.test new.test");
		else if (nseen == 1 && before == NULL)
			assert_string_equal(seen[0], "a.test new.test");
		else if (before != NULL)
			assert_true(
			    nseen == 1 &&
			    (strcmp(seen[0], before) == 0 ||
				strcmp(seen[0], "a.test new.test") == 0));
		assert_int_equal(count_files(), nseen);
		assert_int_equal(put("a.test", "last.test"), 0);
		load();
		assert_string_equal(seen[0], "a.test last.test");
		assert_int_equal(count_files(), 1);
	}
}

static void
test_faults(void **state)
{
	(void)state;
	for (int k = FAULT_SHORT; k <= FAULT_EXIT; k++) {
		sweep((enum fault_kind)k, NULL);
		sweep((enum fault_kind)k, "a.test old.test");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
