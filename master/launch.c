/* SPDX-License-Identifier: ISC */
#include "master/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "ipc/setup.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/slots.h"
#include "sys/fd.h"
#include "sys/spawn.h"

/* In C's own pipe; but where no log is kept, as we write ourselves. */
static pid_t
spawn(struct child *c, int channel, struct err *err)
{
	char path[1024];
	char *argv[] = { c->daemon, NULL };
	char *envp[] = { NULL, NULL, NULL };
	int end = -1;
	struct logpipe *log = NULL;
	const char *san = getenv("ASAN_OPTIONS");
	pid_t pid;

	if (logpipe_started() && (log = logpipe_new(&end, err)) == NULL)
		return -1;
	if (san != NULL)
		envp[0] = xasprintf("ASAN_OPTIONS=%s", san);
	snprintf(path, sizeof path, "%s/%s", master.program_dir, c->daemon);
	pid = spawn_program(path, argv, envp,
	    (const int[]){
		-1, log != NULL ? end : 2, log != NULL ? end : 2, channel },
	    4, err);
	free(envp[0]);
	fd_close(&end);
	if (log != NULL && pid == -1)
		logpipe_free(log);
	else if (log != NULL)
		logpipe_name(log, c->daemon, c->index, pid);
	return pid;
}

/* It gets a pipe of its own for the log when it is there: LOG. */
static int
ask_nursery(struct child *c, const struct child *nursery, int channel, int *log,
    struct err *err)
{
	if (logpipe_started() && (c->log = logpipe_new(log, err)) == NULL)
		return -1;
	if (IPC_SEND(nursery->peer, master_fork, .channel = channel))
		return 0;
	if (c->log != NULL)
		logpipe_free(c->log);
	c->log = NULL;
	fd_close(log);
	return err_set(err, ERR_TEMP, "the nursery does not hear");
}

int
launch(struct child *c, const struct child *nursery, struct err *err)
{
	int pair[2], log = -1;
	pid_t pid = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1)
		return err_sys(err, ERR_TEMP, "socketpair");
	if (nursery == NULL)
		pid = spawn(c, pair[1], err);
	else if (ask_nursery(c, nursery, pair[1], &log, err) == -1)
		pid = -1;
	fd_close(&pair[1]);
	if (pid == -1) {
		fd_close(&pair[0]);
		return -1;
	}
	c->greeted = c->killed = c->reloaded = c->anew = false;
	c->secrets[0] = '\0';
	c->reach = 0;
	c->peer = ipc_accept(pair[0], c->role, c->index, c->uid);
	ipc_set_data(c->peer, c);
	if (c->trial != NULL)
		c->pid = pid;
	else if (pid > 0)
		slots_set_pid(c, pid);
	if (log != -1)
		IPC_SEND(c->peer, master_log, .end = log);
	fd_close(&log);
	return 0;
}
