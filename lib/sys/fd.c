/* SPDX-License-Identifier: ISC */
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

int
fd_write_all(int fd, struct slice s, struct err *err)
{
	while (s.n > 0) {
		const ssize_t n = write(fd, s.p, s.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "write");
		s = slice_from(s, (size_t)n);
	}
	return 0;
}

int
fd_pwrite_all(int fd, struct slice s, int64_t off, struct err *err)
{
	while (s.n > 0) {
		const ssize_t n = pwrite(fd, s.p, s.n, off);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "write");
		s = slice_from(s, (size_t)n);
		off += n;
	}
	return 0;
}

int
fd_pread_all(int fd, char *p, size_t n, int64_t off, struct err *err)
{
	while (n > 0) {
		const ssize_t got = pread(fd, p, n, off);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return err_sys(err, ERR_TEMP, "read");
		if (got == 0)
			return err_set(err, ERR_TEMP, "read: unexpected end");
		p += got;
		n -= (size_t)got;
		off += got;
	}
	return 0;
}

/* One piece from OFF, or, where that is -1, from where FD stands. */
static ssize_t
read_piece(int fd, char *piece, size_t n, int64_t off)
{
	ssize_t got;

	do
		got = off == -1 ? read(fd, piece, n) : pread(fd, piece, n, off);
	while (got == -1 && errno == EINTR);
	return got;
}

static int
read_from(int fd, int64_t off, struct buf *out, struct err *err)
{
	for (;;) {
		const size_t left = out->max - out->n;
		const size_t want = left < 16384 ? left + 1 : 16384;
		char chunk[16384];
		const ssize_t n = read_piece(
		    fd, chunk, want < sizeof chunk ? want : sizeof chunk, off);

		if (n == -1)
			return err_sys(err, ERR_TEMP, "read");
		if (n == 0)
			return 0;
		buf_add(out, slice_of(chunk, (size_t)n));
		if (out->failed)
			return err_set(
			    err, ERR_PERM, "larger than %zu bytes", out->max);
		if (off != -1)
			off += n;
	}
}

int
fd_read_file(int fd, struct buf *out, struct err *err)
{
	return read_from(fd, 0, out, err);
}

int
fd_read_rest(int fd, struct buf *out, struct err *err)
{
	return read_from(fd, -1, out, err);
}

int
fd_sync(int fd, struct err *err)
{
	if (fsync(fd) == -1)
		return err_sys(err, ERR_TEMP, "fsync");
	return 0;
}

/* The kernel says 0 of a file system that is read-only, whatever was lost. */
int
fd_syncfs(int fd)
{
	struct statvfs fs;

	if (syncfs(fd) == -1)
		return -1;
	if (fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0) {
		errno = EROFS;
		return -1;
	}
	return 0;
}

int
fd_sync_fs(int fd, struct err *err)
{
	return fd_syncfs(fd) == 0 ? 0 : err_sys(err, ERR_TEMP, "syncfs");
}

int
fd_sync_entry(int fd)
{
	if (fd_syncfs(fd) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP)
		return -1;
	return fsync(fd);
}

/* Both names at once, then one of them goes. */
static int
link_and_unlink(int from, const char *name, int to, const char *new)
{
	int error;

	if (linkat(from, name, to, new, 0) == -1)
		return -1;
	if (unlinkat(from, name, 0) == 0)
		return 0;
	error = errno;
	(void)unlinkat(to, new, 0);
	errno = error;
	return -1;
}

int
fd_rename_new(int from, const char *name, int to, const char *new)
{
	if (renameat2(from, name, to, new, RENAME_NOREPLACE) == 0)
		return 0;
	/* NFS and many FUSE file systems know no flags. */
	if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
		return link_and_unlink(from, name, to, new);
	return -1;
}

int
fd_nonblock(int fd, struct err *err)
{
	const int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return err_sys(err, ERR_TEMP, "set O_NONBLOCK");
	return 0;
}

int
fd_dup(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

void
fd_close(int *fd)
{
	const int saved = errno;

	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}
