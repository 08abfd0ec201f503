/* SPDX-License-Identifier: ISC */
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bsd/unistd.h>

enum {
	MAX_FDS = 16,
	GUEST_FILES = 1024, /* more than select(2) can count */
};

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

/* A daemon's own limit of open files makes others slow that close them all. */
static void
usual_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1 ||
	    files.rlim_cur <= GUEST_FILES)
		return;
	files.rlim_cur = GUEST_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* NOW with no more than N, for good; 0: as it is. */
static struct rlimit
lowered(struct rlimit now, rlim_t n)
{
	if (n > 0 && now.rlim_max > n)
		now.rlim_max = n;
	if (now.rlim_cur > now.rlim_max)
		now.rlim_cur = now.rlim_max;
	return now;
}

static void
be_guest(const struct spawn_limits *limits)
{
	struct rlimit data, processes;

	(void)setsid();
	usual_files();
	if (getrlimit(RLIMIT_DATA, &data) == -1 ||
	    getrlimit(RLIMIT_NPROC, &processes) == -1)
		_exit(127);
	data = lowered(data, (rlim_t)limits->data_bytes);
	processes = lowered(processes, limits->processes);
	if (setrlimit(RLIMIT_DATA, &data) == -1 ||
	    setrlimit(RLIMIT_NPROC, &processes) == -1)
		_exit(127);
}

/* GUEST NULL: one of ours. */
static pid_t
spawn(const char *path, char *const argv[], char *const envp[], const int *fds,
    size_t nfds, const struct spawn_limits *guest, struct err *err)
{
	pid_t pid;

	if (nfds > MAX_FDS)
		return err_set(err, ERR_PERM, "spawn %s: too many fds", path);
	pid = fork();
	if (pid == -1)
		return err_sys(err, ERR_TEMP, "fork for %s", path);
	if (pid > 0)
		return pid;
	if (guest != NULL)
		be_guest(guest);
	place_fds(fds, (int)nfds);
	reset_signals();
	execve(path, argv, envp);
	_exit(127);
}

pid_t
spawn_program(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, struct err *err)
{
	return spawn(path, argv, envp, fds, nfds, NULL, err);
}

pid_t
spawn_guest(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, const struct spawn_limits *limits,
    struct err *err)
{
	return spawn(path, argv, envp, fds, nfds, limits, err);
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
