/* SPDX-License-Identifier: ISC */
#include "maildir/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"

enum found
textfile_load(int dirfd, const char *name, struct buf *out, struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);
	struct stat sb;
	enum found f = FOUND;

	if (fd == -1 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
		return ABSENT;
	if (fd == -1) {
		err_sys(err, ERR_TEMP, "open %s", name);
		return TEMPFAIL;
	}
	if (fstat(fd, &sb) == -1) {
		err_sys(err, ERR_TEMP, "fstat %s", name);
		f = TEMPFAIL;
	} else if (S_ISDIR(sb.st_mode)) {
		err_set_code(
		    err, ERR_TEMP, ERR_CANNOT, "%s is a directory", name);
		f = TEMPFAIL;
	} else if (!S_ISREG(sb.st_mode)) {
		f = ABSENT;
	} else if ((uint64_t)sb.st_size > out->max) {
		err_set_code(err, ERR_TEMP, ERR_TOO_BIG,
		    "%s is larger than %zu bytes", name, out->max);
		f = TEMPFAIL;
	} else if (fd_read_file(fd, out, err) == -1) {
		f = TEMPFAIL;
	}
	fd_close(&fd);
	return f;
}

int
textfile_put(int dirfd, const char *name, struct slice text, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	char tmp[64];
	int fd, rc;

	snprintf(tmp, sizeof tmp, "%s.put", name);
	fd = openat(dirfd, tmp, flags, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", tmp);
	rc = fd_write_all(fd, text, err);
	fd_close(&fd);
	if (rc == 0 && renameat(dirfd, tmp, dirfd, name) == -1)
		rc = err_sys(err, ERR_TEMP, "rename %s", tmp);
	if (rc == -1)
		(void)unlinkat(dirfd, tmp, 0);
	return rc;
}

int
textfile_remove(int dirfd, const char *name, struct err *err)
{
	if (unlinkat(dirfd, name, 0) == 0)
		return fd_sync(dirfd, err);
	return errno == ENOENT ? 0 : err_sys(err, ERR_TEMP, "remove %s", name);
}
