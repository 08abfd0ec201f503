/* SPDX-License-Identifier: ISC */
#include "sys/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "sys/fd.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int
beneath_open(
    int dirfd, const char *path, int flags, mode_t mode, struct err *err)
{
	/* O_TMPFILE holds the bit of O_DIRECTORY, which takes no mode. */
	const bool has_mode =
	    (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
	const struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.mode = has_mode ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: a rename raced with the walk; the kernel asks to retry. */
	for (int tries = 0; tries < 8; tries++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
		if (fd != -1 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	if (fd == -1)
		return err_sys(err,
		    errno == EXDEV || errno == ELOOP ? ERR_PERM : ERR_TEMP,
		    "open %s", path);
	return (int)fd;
}

int
beneath_make(int dirfd, const char *path, mode_t mode, struct err *err)
{
	int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	struct slice rest = slice_str(path);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	while (rest.n > 0 && fd != -1) {
		char *level = xslicedup(slice_cut(rest, '/', &rest));
		int sub = -1;

		if (mkdirat(fd, level, mode) == -1 && errno != EEXIST)
			err_sys(err, ERR_TEMP, "make %s", level);
		else
			sub = beneath_open(fd, level, DIR_FLAGS, 0, err);
		fd_close(&fd);
		fd = sub;
		xfree(&level);
	}
	return fd;
}
