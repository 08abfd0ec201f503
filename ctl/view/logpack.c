/* SPDX-License-Identifier: ISC */
#include "ctl/view/logpack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/view/logcut.h"
#include "sys/fd.h"
#include "sys/spawn.h"

struct logpack {
	const char *suffix;
	const char *program;
};

static const struct logpack packs[] = {
	{ ".gz", "/usr/bin/gzip" },
	{ ".xz", "/usr/bin/xz" },
	{ ".bz2", "/usr/bin/bzip2" },
	{ ".zst", "/usr/bin/zstd" },
};

const struct logpack *
logpack_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(packs); i++)
		if (slice_ends(slice_str(name), slice_str(packs[i].suffix)))
			return &packs[i];
	return NULL;
}

struct slice
logpack_name(const struct logpack *pack, const char *name)
{
	const struct slice s = slice_str(name);

	return slice_sub(s, 0, s.n - slice_str(pack->suffix).n);
}

/* The program with FD as its input; *OUT is what comes of it. */
static pid_t
start(const struct logpack *pack, int fd, int *out, struct err *err)
{
	char *argv[] = { (char *)(uintptr_t)pack->program, (char[]){ "-dc" },
		NULL };
	char *envp[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	int ends[2];
	pid_t pid;

	if (lseek(fd, 0, SEEK_SET) == -1 || pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	pid = spawn_program(
	    pack->program, argv, envp, (const int[]){ fd, ends[1], 2 }, 3, err);
	fd_close(&ends[1]);
	if (pid == -1)
		fd_close(&ends[0]);
	*out = ends[0];
	return pid;
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return status;
}

void
logpack_head(const struct logpack *pack, int fd, size_t n, struct buf *head)
{
	struct err err;
	int from = fd;
	pid_t pid = -1;
	ssize_t done;
	char *to;

	if (pack != NULL && (pid = start(pack, fd, &from, &err)) == -1)
		return;
	while (head->n < n && (to = buf_room(head, n - head->n)) != NULL) {
		done = pack != NULL
			   ? read(from, to, n - head->n)
			   : pread(fd, to, n - head->n, (off_t)head->n);
		if (done <= 0)
			break;
		buf_added(head, (size_t)done);
	}
	if (pack != NULL) {
		fd_close(&from); /* which ends it */
		(void)wait_for(pid);
	}
}

int
logpack_each(const struct logpack *pack, const char *name, int fd,
    struct logcut *cut, struct err *err)
{
	int from, rc;
	const pid_t pid = start(pack, fd, &from, err);

	if (pid == -1)
		return -1;
	rc = logcut_stream(cut, from);
	if (rc == -1)
		err_sys(err, ERR_TEMP, "read %s", name);
	fd_close(&from);
	if (wait_for(pid) != 0 && rc == 0)
		return err_set(err, ERR_PERM, "%s: %s cannot read it", name,
		    pack->program);
	return rc;
}
