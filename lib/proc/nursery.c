/* SPDX-License-Identifier: ISC */
#include "proc/nursery.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/msg.h"
#include "log/log.h"

/* The child of a child that ends at once. */
static bool
fork_again(void)
{
	const pid_t self = getpid();
	const pid_t pid = fork();

	if (pid != 0)
		_exit(pid == -1 ? 1 : 0);
	while (getppid() == self)
		(void)sched_yield();
	return true;
}

bool
nursery_fork(void)
{
	pid_t pid;

	(void)log_flush(); /* or both would write it */
	pid = fork();
	if (pid == 0)
		return fork_again();
	if (pid == -1)
		log_err(
		    "proc.fork-failed", kv_s("why", strerrordesc_np(errno)));
	else
		while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	return false;
}

void
nursery_on_log(struct ipc *peer, struct msg *m)
{
	(void)peer;
	(void)log_flush();
	if (m->master_log.end != -1)
		(void)dup2(m->master_log.end, 2);
}
