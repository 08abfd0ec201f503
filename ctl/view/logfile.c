/* SPDX-License-Identifier: ISC */
#include "ctl/view/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/inst/dial.h"
#include "sys/fd.h"
#include "sys/spawn.h"

static int
read_path(const char *path, struct buf *log, bool must_be, struct err *err)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(0, F_DUPFD_CLOEXEC, 3)
					: open(path, O_RDONLY | O_CLOEXEC);
	char *to;
	ssize_t n;

	if (fd == -1)
		return must_be ? err_sys(err, ERR_PERM, "read %s", path) : 0;
	while ((to = buf_room(log, 1 << 16)) != NULL &&
	       (n = read(fd, to, 1 << 16)) > 0)
		buf_added(log, (size_t)n);
	fd_close(&fd);
	if (to == NULL)
		return err_set(err, ERR_PERM, "%s is too large", path);
	if (n == -1)
		return err_sys(err, ERR_PERM, "read %s", path);
	return 0;
}

static int
read_journal(struct buf *log, struct err *err)
{
	char *argv[] = { (char[]){ "journalctl" }, (char[]){ "--quiet" },
		(char[]){ "--no-pager" }, (char[]){ "--unit=pabal.service" },
		(char[]){ "--output=short-iso-precise" }, NULL };
	char *envp[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	char path[40];
	int ends[2], fds[3], status = -1, rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	fds[0] = -1;
	fds[1] = ends[1];
	fds[2] = 2;
	pid = spawn_program(
	    "/usr/bin/journalctl", argv, envp, fds, ARRAY_LEN(fds), err);
	fd_close(&ends[1]);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	rc = pid == -1 ? -1 : read_path(path, log, true, err);
	fd_close(&ends[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return rc;
}

/* What was said up to now is to be found there.  A log that is behind is better
 * than none, so nobody minds if this fails. */
static void
sync_log(const struct instance *in)
{
	struct buf text = { .max = 1 << 16 };
	struct err err;
	bool ok;

	if (dial_master_pid(in) != 0)
		(void)dial_verb(in, "log", &ok, &text, &err);
	buf_fini(&text);
}

/* The rotated log first: it is the older. */
int
logfile_read(const struct instance *in, const char *file, struct buf *log,
    bool *journal, struct err *err)
{
	char *path = xasprintf("%s/pabal.log", in->log);
	char *old = xasprintf("%s/pabal.log.1", in->log);
	int rc = 0;

	if (file == NULL)
		sync_log(in);
	*journal = false;
	if (file != NULL) {
		rc = read_path(file, log, true, err);
	} else if (in->dir == NULL && access(path, F_OK) == -1) {
		*journal = true;
		rc = read_journal(log, err);
	} else {
		rc = read_path(old, log, false, err);
		if (rc == 0)
			rc = read_path(path, log, true, err);
	}
	free(path);
	free(old);
	return rc;
}
