/* SPDX-License-Identifier: ISC */
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <bsd/unistd.h>

enum { MAX_FDS = 16 };

/* Two passes, because a target number may be another's source. */
static void
place_fds(const int *fds, int n)
{
	int high[MAX_FDS];

	for (int i = 0; i < n; i++) {
		if (fds[i] == -1)
			high[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, MAX_FDS);
		if (high[i] != -1 && high[i] < MAX_FDS)
			high[i] = fcntl(high[i], F_DUPFD_CLOEXEC, MAX_FDS);
	}
	for (int i = 0; i < n; i++)
		if (high[i] == -1 || dup2(high[i], i) == -1)
			_exit(127);
	closefrom(n);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t
spawn_program(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, struct err *err)
{
	pid_t pid;

	if (nfds > MAX_FDS)
		return err_set(err, ERR_PERM, "spawn %s: too many fds", path);
	pid = fork();
	if (pid == -1)
		return err_sys(err, ERR_TEMP, "fork for %s", path);
	if (pid > 0)
		return pid;
	place_fds(fds, (int)nfds);
	reset_signals();
	execve(path, argv, envp);
	_exit(127);
}

int
spawn_replace(
    const char *path, char *const argv[], char *const envp[], struct err *err)
{
	closefrom(3);
	reset_signals();
	execve(path, argv, envp);
	return err_sys(err, ERR_PERM, "run %s", path);
}
