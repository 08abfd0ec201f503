/* SPDX-License-Identifier: ISC */
#include "ctl/inst/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ipc/master.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/spawn.h"

enum { NOTIFY_FD = 3, RELEASE_MS = 15000, RETRY_MS = 100 };

struct command_line {
	char *path;
	char *log;
	char *argv[16];
	char *envp[10];
};

/* What master's children need of the caller's environment. */
static void
fill_env(struct command_line *l)
{
	static const char *const keep[] = { "PATH", "TZ", "ASAN_OPTIONS",
		"UBSAN_OPTIONS", "NOTIFY_SOCKET", "WATCHDOG_USEC",
		"JOURNAL_STREAM" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(keep); i++) {
		const char *value = getenv(keep[i]);

		if (value != NULL)
			l->envp[n++] = xasprintf("%s=%s", keep[i], value);
	}
}

/* Is IN the installed instance on a host where systemd keeps it? */
static bool
by_systemd(const struct instance *in)
{
	return in->dir == NULL && access("/run/systemd/system", F_OK) == 0 &&
	       (access("/usr/lib/systemd/system/pabal.service", F_OK) == 0 ||
		   access("/etc/systemd/system/pabal.service", F_OK) == 0);
}

enum how { BACKGROUND, FOREGROUND, TRIAL };

static void
command_line_init(struct command_line *l, const struct instance *in,
    enum how how, bool last_good)
{
	size_t n = 0;

	*l = (struct command_line){ .path =
					xasprintf("%s/master", in->programs) };
	l->argv[n++] = xstrdup("master");
	l->argv[n++] = xstrdup("-c");
	l->argv[n++] = xstrdup(in->etc);
	l->argv[n++] = xstrdup("-r");
	l->argv[n++] = xstrdup(in->run);
	l->argv[n++] = xstrdup("-s");
	l->argv[n++] = xstrdup(in->state);
	if (last_good)
		l->argv[n++] = xstrdup("-g");
	if (how == TRIAL)
		l->argv[n++] = xstrdup("-t");
	/* Installed, and in the foreground, the service manager keeps it. */
	if (how == BACKGROUND || in->dir != NULL ||
	    (how == TRIAL && !by_systemd(in))) {
		l->argv[n++] = xstrdup("-l");
		l->argv[n++] = xasprintf("%s/pabal.log", in->log);
	}
	if (how == FOREGROUND && in->dir != NULL)
		l->argv[n++] = xstrdup("-e");
	if (how == BACKGROUND) {
		l->argv[n++] = xstrdup("-n");
		l->argv[n++] = xasprintf("%d", (int)NOTIFY_FD);
	}
	fill_env(l);
}

static void
command_line_fini(struct command_line *l)
{
	free(l->path);
	for (size_t i = 0; i < ARRAY_LEN(l->argv); i++)
		free(l->argv[i]);
	for (size_t i = 0; i < ARRAY_LEN(l->envp); i++)
		free(l->envp[i]);
}

/* A child with a session of its own starts master and ends: a Ctrl-C in the
 * terminal does not reach it, and init is its parent. */
static int
spawn_master(
    const struct instance *in, bool last_good, int notify, struct buf *why)
{
	const int fds[] = { -1, -1, -1, notify };
	struct command_line l;
	struct err err;
	int status = -1;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		command_line_init(&l, in, BACKGROUND, last_good);
		(void)setsid();
		pid = spawn_program(
		    l.path, l.argv, l.envp, fds, ARRAY_LEN(fds), &err);
		_exit(pid == -1 ? 1 : 0);
	}
	if (pid == -1) {
		buf_adds(why, "cannot fork\n");
		return -1;
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status == 0 ? 0 : -1;
}

/* Everything that comes through FD until all its writers have gone. */
static void
read_all(int fd, struct buf *out)
{
	for (;;) {
		char *to = buf_room(out, 512);
		const ssize_t n = to != NULL ? read(fd, to, 512) : 0;

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		buf_added(out, (size_t)n);
	}
}

static int
start_once(
    const struct instance *in, bool last_good, struct buf *why, bool *again)
{
	const struct slice last = SLICE(NOTIFY_AGAIN);
	struct buf said = { .max = 65536 };
	int ends[2], rc = -1;

	*again = false;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		buf_adds(why, "cannot make a pipe\n");
		return -1;
	}
	if (spawn_master(in, last_good, ends[1], why) == 0) {
		fd_close(&ends[1]);
		read_all(ends[0], &said);
		*again = slice_ends(buf_slice(&said), last);
		if (*again)
			said.n -= last.n;
		if (slice_eq(buf_slice(&said), SLICE(NOTIFY_READY)))
			rc = 0;
		else if (said.n == 0)
			buf_addf(why,
			    "%s/master ended without a word (see "
			    "%s/pabal.log)\n",
			    in->programs, in->log);
		buf_add(why,
		    rc == 0 ? (struct slice){ NULL, 0 } : buf_slice(&said));
	}
	buf_fini(&said);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return rc;
}

int
launch_trial(
    const struct instance *in, bool last_good, struct buf *why, bool *again)
{
	int ends[2], status = -1;
	struct command_line l;
	struct err err;
	pid_t pid;

	*again = false;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		buf_adds(why, "cannot make a pipe\n");
		return -1;
	}
	command_line_init(&l, in, TRIAL, last_good);
	pid = spawn_program(
	    l.path, l.argv, l.envp, (const int[]){ -1, ends[1], 2 }, 3, &err);
	fd_close(&ends[1]);
	if (pid == -1)
		buf_addf(why, "%s\n", err.text);
	else
		read_all(ends[0], why);
	fd_close(&ends[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status != 0 && why->n == 0)
		buf_addf(why, "%s ended without a word\n", l.path);
	command_line_fini(&l);
	*again = WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL;
	return status == 0 ? 0 : -1;
}

/* The unit's `pabal run` cannot be given options: a file says it. */
static char *
wish_path(const struct instance *in)
{
	return xasprintf("%s/start-last-good", in->run);
}

static int
wish_last_good(const struct instance *in, struct buf *why)
{
	char *path = wish_path(in);
	struct err err;
	int fd;

	(void)mkdir(in->run, 0755);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1) {
		err_sys(&err, ERR_TEMP, "create %s", path);
		buf_addf(why, "%s\n", err.text);
	}
	free(path);
	if (fd == -1)
		return -1;
	fd_close(&fd);
	return 0;
}

bool
launch_wants_last_good(const struct instance *in)
{
	char *path = wish_path(in);
	const bool wants = unlink(path) == 0;

	free(path);
	return wants;
}

/* The unit is of Type=notify, so this waits as well. */
static int
start_unit(struct buf *why)
{
	char *argv[] = { (char[]){ "systemctl" }, (char[]){ "start" },
		(char[]){ "pabal.service" }, NULL };
	char *envp[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	const int fds[] = { -1, 2, 2 };
	struct err err;
	int status = -1;
	const pid_t pid = spawn_program(
	    "/usr/bin/systemctl", argv, envp, fds, ARRAY_LEN(fds), &err);

	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status != 0)
		buf_adds(why, "systemd could not start pabal.service: see "
			      "\"journalctl -u pabal\"\n");
	return status == 0 ? 0 : -1;
}

/* Daemons of a master that was killed hold its addresses until they notice:
 * then the start is tried again for a while. */
int
launch_start(const struct instance *in, bool last_good, struct buf *why)
{
	const int64_t until = clock_ms() + RELEASE_MS;
	bool again = false;
	int rc;

	if (by_systemd(in)) {
		if (last_good && wish_last_good(in, why) == -1)
			return -1;
		rc = start_unit(why);
		(void)launch_wants_last_good(in); /* nobody later does */
		return rc;
	}
	for (;;) {
		buf_reset(why);
		if (start_once(in, last_good, why, &again) == 0)
			return 0;
		if (!again || clock_ms() > until)
			return -1;
		(void)poll(NULL, 0, RETRY_MS);
	}
}

int
launch_foreground(const struct instance *in, bool last_good, struct err *err)
{
	struct command_line l;
	int rc;

	command_line_init(&l, in, FOREGROUND, last_good);
	rc = spawn_replace(l.path, l.argv, l.envp, err);
	command_line_fini(&l);
	return rc;
}

int
launch_wait_end(pid_t pid, int timeout_ms, struct err *err)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int n;

	if (p.fd == -1)
		return errno == ESRCH ? 0
				      : err_sys(err, ERR_TEMP,
					    "watch process %d", (int)pid);
	do {
		n = poll(&p, 1, timeout_ms);
	} while (n == -1 && errno == EINTR);
	fd_close(&p.fd);
	if (n > 0)
		return 0;
	return err_set(err, ERR_TEMP,
	    "process %d has not ended after %d seconds", (int)pid,
	    timeout_ms / 1000);
}
