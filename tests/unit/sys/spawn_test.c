/* SPDX-License-Identifier: ISC */
#include "sys/spawn.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static pid_t (*spawn)(const char *, char *const *, char *const *, const int *,
    size_t, struct err *) = spawn_program;

static struct spawn_limits limits;

static pid_t
guest(const char *path, char *const *argv, char *const *envp, const int *fds,
    size_t nfds, struct err *err)
{
	return spawn_guest(path, argv, envp, fds, nfds, &limits, err);
}

/* What SCRIPT, started with fds 0, 1 (the pipe), 2 and MORE, says. */
static void
run(const char *script, const int *more, size_t nmore, char *said, size_t size)
{
	char sh[] = "/bin/sh", c[] = "-c";
	char *argv[] = { sh, c, xstrdup(script), NULL };
	char env[] = "ONLY=this";
	char *envp[] = { env, NULL };
	int fds[8] = { -1, -1, 2 };
	int p[2], status;
	size_t n = 0;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	fds[1] = p[1];
	for (size_t i = 0; i < nmore; i++)
		fds[3 + i] = more[i];
	pid = spawn("/bin/sh", argv, envp, fds, 3 + nmore, NULL);
	assert_int_not_equal(pid, -1);
	close(p[1]);
	for (ssize_t got;
	     n < size - 1 && (got = read(p[0], said + n, size - 1 - n)) > 0;)
		n += (size_t)got;
	said[n] = '\0';
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	free(argv[2]);
}

static void
test_fds(void **state)
{
	char said[1000];
	/* Not close-on-exec, on purpose: a leak must show. */
	const int leak = open("/etc/hostname", O_RDONLY);
	const int a = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	const int b = open("/dev/full", O_RDONLY | O_CLOEXEC);
	const int more[] = { b, a, -1 };

	(void)state;
	assert_true(leak > 2 && a > 2 && b > 2);
	run("for f in /proc/$$/fd/*; do echo ${f##*/} $(readlink $f); done",
	    more, 3, said, sizeof said);
	assert_non_null(strstr(said, "0 /dev/null\n"));
	assert_non_null(strstr(said, "1 pipe:"));
	assert_non_null(strstr(said, "3 /dev/full\n"));
	assert_non_null(strstr(said, "4 /dev/zero\n"));
	assert_non_null(strstr(said, "5 /dev/null\n"));
	assert_null(strstr(said, "hostname"));
	close(leak);
	close(a);
	close(b);
}

/* Two fds that trade places: neither may be lost on the way. */
static void
test_fds_swap(void **state)
{
	char said[1000];
	int low[2];
	const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	const int full = open("/dev/full", O_RDONLY | O_CLOEXEC);

	(void)state;
	low[0] = fcntl(zero, F_DUPFD_CLOEXEC, 4);
	low[1] = fcntl(full, F_DUPFD_CLOEXEC, 3);
	run("readlink /proc/$$/fd/3; readlink /proc/$$/fd/4", low, 2, said,
	    sizeof said);
	assert_string_equal(said, "/dev/zero\n/dev/full\n");
	close(low[0]);
	close(low[1]);
	close(zero);
	close(full);
}

/* The child starts as if from a fresh boot: no mask, no ignored signal. */
static void
test_signals_and_environment(void **state)
{
	char said[1000];
	sigset_t all, old;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	/* 0x180000000: two signals of glibc itself, which posix_spawn of
	 * whoever started us may have left ignored, and which no call of
	 * glibc's may change. */
	/* No grep: a shell blocks signals while it starts one. */
	run("while IFS= read -r l; do"
	    " case $l in SigBlk*) echo \"$l\";; esac; done </proc/$$/status;"
	    "ign=$(sed -n 's/SigIgn:.//p' /proc/$$/status);"
	    "echo ignored $((0x$ign & ~0x180000000)); /usr/bin/env",
	    NULL, 0, said, sizeof said);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	assert_non_null(strstr(said, "SigBlk:\t0000000000000000\n"));
	assert_non_null(strstr(said, "ignored 0\n"));
	assert_non_null(strstr(said, "ONLY=this\n"));
	assert_null(strstr(said, "HOME="));
}

static void
test_guest(void **state)
{
	char said[1000];

	(void)state;
	spawn = guest;
	/* fields 5 and 6 of stat: process group and session */
	run("set -- $$ $(cat /proc/$$/stat);"
	    "test $1 = $6 && test $1 = $7 && echo leads;"
	    "test $(ulimit -Sn) -le 1024 && echo few files",
	    NULL, 0, said, sizeof said);
	spawn = spawn_program;
	assert_string_equal(said, "leads\nfew files\n");
}

/* In a shell without further processes, which the limit might refuse. */
static void
test_guest_limits(void **state)
{
	char said[1000];

	(void)state;
	spawn = guest;
	limits = (struct spawn_limits){ 64 << 20, 77 };
	run("while read a b c d e; do case $b in"
	    " data) echo data $d $e;; processes) echo processes $c $d;;"
	    " esac; done </proc/$$/limits",
	    NULL, 0, said, sizeof said);
	limits = (struct spawn_limits){ 0 };
	spawn = spawn_program;
	assert_non_null(strstr(said, "data 67108864 67108864 "));
	assert_non_null(strstr(said, "processes 77 77\n"));
}

static void
test_failures(void **state)
{
	static const char *const rows[] = { "/nonexistent/x", "/etc/passwd",
		"/tmp" };
	char name[] = "x";
	char *argv[] = { name, NULL };
	char *envp[] = { NULL };
	const int fds[] = { -1, -1, -1 };
	int many[17], status;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const pid_t pid =
		    spawn_program(rows[i], argv, envp, fds, 3, &err);

		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = -1;
	assert_int_equal(
	    spawn_program("/bin/true", argv, envp, many, ARRAY_LEN(many), &err),
	    -1);
	assert_int_equal(err.class, ERR_PERM);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fds),
		cmocka_unit_test(test_fds_swap),
		cmocka_unit_test(test_signals_and_environment),
		cmocka_unit_test(test_guest),
		cmocka_unit_test(test_guest_limits),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
