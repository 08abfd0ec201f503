/* SPDX-License-Identifier: ISC */
#include "ctl/view/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/inst/dial.h"
#include "sys/fd.h"
#include "sys/spawn.h"

enum { PIECE_BYTES = 1 << 16, ARGS = 8 };

int
logfile_read_all(int fd, struct buf *log, struct err *err)
{
	char *to;
	ssize_t n = 0;

	while ((to = buf_room(log, PIECE_BYTES)) != NULL &&
	       (n = read(fd, to, PIECE_BYTES)) > 0)
		buf_added(log, (size_t)n);
	if (to == NULL)
		return err_set(err, ERR_PERM, "the log is too large");
	return n == -1 ? err_sys(err, ERR_PERM, "read the log") : 0;
}

/* ---- the journal ---- */

/* Seconds since 1970 of a time of the log, which is UTC. */
static int64_t
seconds_of(const char *time)
{
	struct tm tm = { .tm_isdst = 0 };

	return strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) == NULL ? 0
								: timegm(&tm);
}

static int
run_journalctl(char *const argv[], struct buf *log, struct err *err)
{
	char *envp[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	int ends[2], status, rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	pid = spawn_program("/usr/bin/journalctl", argv, envp,
	    (const int[]){ -1, ends[1], 2 }, 3, err);
	fd_close(&ends[1]);
	rc = pid == -1 ? -1 : logfile_read_all(ends[0], log, err);
	fd_close(&ends[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return rc;
}

int
logfile_journal(
    const char *since, int64_t lines, struct buf *log, struct err *err)
{
	char *from = xasprintf("--since=@%" PRId64, seconds_of(since));
	char *last = xasprintf("--lines=%" PRId64, lines);
	char *argv[ARGS] = { (char[]){ "journalctl" }, (char[]){ "--quiet" },
		(char[]){ "--no-pager" }, (char[]){ "--unit=pabal.service" },
		(char[]){ "--output=short-iso-precise" } };
	size_t n = 5;
	int rc;

	if (since[0] != '\0')
		argv[n++] = from;
	if (lines >= 0)
		argv[n++] = last;
	rc = run_journalctl(argv, log, err);
	free(from);
	free(last);
	return rc;
}

/* ---- files ---- */

/* A log that is behind is better than none, so nobody minds if this fails. */
void
logfile_sync(const struct instance *in)
{
	struct buf text = { .max = 1 << 16 };
	struct err err;
	bool ok;

	if (dial_master_pid(in) != 0)
		(void)dial_verb(in, "log", &ok, &text, &err);
	buf_fini(&text);
}

bool
logfile_is_journal(const struct instance *in)
{
	char *path = xasprintf("%s/pabal.log", in->log);
	const bool is = in->dir == NULL && access(path, F_OK) == -1;

	free(path);
	return is;
}

/* Where the last *LINES lines of the first SIZE bytes of FD begin; so many
 * fewer are to be found elsewhere. */
static off_t
find_start(int fd, off_t size, uint64_t *lines)
{
	char piece[PIECE_BYTES];
	off_t at = size - 1; /* over the newline that ends the last */

	if (size == 0 || *lines == 0)
		return size;
	while (at > 0) {
		const size_t n = at < PIECE_BYTES ? (size_t)at : PIECE_BYTES;

		at -= (off_t)n;
		if (pread(fd, piece, n, at) != (ssize_t)n)
			return at; /* it was cut off */
		for (size_t i = n; i-- > 0;)
			if (piece[i] == '\n' && --*lines == 0)
				return at + (off_t)i + 1;
	}
	--*lines;
	return 0;
}

static int
open_log(const struct instance *in, const char *name, bool must_be, int *fd,
    struct err *err)
{
	char *path = xasprintf("%s/%s", in->log, name);

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd == -1 && (must_be || errno != ENOENT))
		err_sys(err, ERR_PERM, "read %s", path);
	else
		must_be = false;
	free(path);
	return *fd == -1 && must_be ? -1 : 0;
}

/* The last lines of FD (-1: no file). */
struct tail {
	int fd;
	off_t from, size;
};

static void
find_tail(struct tail *t, uint64_t *lines)
{
	struct stat st;

	if (t->fd == -1 || fstat(t->fd, &st) == -1)
		return;
	t->size = st.st_size;
	t->from = find_start(t->fd, t->size, lines);
}

static int
read_tail(const struct tail *t, struct buf *log, struct err *err)
{
	const off_t n = t->size - t->from;
	char *to;

	if (t->fd == -1 || n == 0)
		return 0;
	to = buf_room(log, (size_t)n);
	if (to == NULL)
		return err_set(err, ERR_PERM, "the log is too large");
	if (fd_pread_all(t->fd, to, (size_t)n, t->from, err) == -1)
		return -1;
	buf_added(log, (size_t)n);
	return 0;
}

/* Both are open before either is read, or a rotation would come between. */
static int
file_tail(
    const struct instance *in, uint64_t lines, struct buf *log, struct err *err)
{
	struct tail now = { .fd = -1 }, old = { .fd = -1 };
	int rc = open_log(in, "pabal.log", true, &now.fd, err);

	if (rc == 0)
		rc = open_log(in, "pabal.log.1", false, &old.fd, err);
	find_tail(&now, &lines);
	find_tail(&old, &lines);
	if (rc == 0)
		rc = read_tail(&old, log, err);
	if (rc == 0)
		rc = read_tail(&now, log, err);
	fd_close(&now.fd);
	fd_close(&old.fd);
	return rc;
}

int
logfile_tail(const struct instance *in, uint64_t lines, struct buf *log,
    bool *journal, struct err *err)
{
	logfile_sync(in);
	*journal = logfile_is_journal(in);
	return *journal ? logfile_journal("", (int64_t)lines, log, err)
			: file_tail(in, lines, log, err);
}
