/* SPDX-License-Identifier: ISC */
#include "ctl/inst/confined.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/cmd/confined.h"
#include "ctl/cmd/ctl.h"

enum { CPU_SECONDS = 30 };
static const rlim_t memory_bytes = (rlim_t)1 << 30;

static void
set_limits(void)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS };
	const struct rlimit memory = { memory_bytes, memory_bytes };

	(void)setrlimit(RLIMIT_CPU, &cpu);
#ifndef PABAL_SANITIZE
	(void)setrlimit(RLIMIT_AS, &memory);
#else
	(void)memory;
#endif
}

static int
in_child(const struct ctl *ctl, int (*work)(void *arg), void *arg)
{
	const struct ctl_confined c = { .uid = CTL_NOBODY, .gid = CTL_NOBODY };
	struct err err;
	int rc;

	set_limits();
	if (ctl->confine(&c, &err) == -1)
		return ctl_fail_err(&err);
	rc = work(arg);
	if (fflush(stdout) == EOF && rc == CTL_OK)
		rc = ctl_fail("write to standard output failed");
	return rc;
}

int
confined_run(const struct ctl *ctl, int (*work)(void *arg), void *arg)
{
	int status = -1;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(in_child(ctl, work, arg));
	if (pid == -1)
		return ctl_fail("fork failed");
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return ctl_fail("the process that read the files ended by signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}
