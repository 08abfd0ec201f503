/* SPDX-License-Identifier: ISC */
#include "sys/workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int
look(int dirfd, const char *name)
{
	return faccessat(dirfd, name, R_OK | W_OK | X_OK, AT_EACCESS);
}

int
workdir_try(int dirfd, const char *path, struct err *err)
{
	if (look(dirfd, ".") == 0)
		return 0;
	return err_sys(err, ERR_PERM, "uid %u may not work in %s",
	    (unsigned)geteuid(), path);
}

int
workdir_try_sub(int dirfd, const char *path, const char *name, struct err *err)
{
	if (look(dirfd, name) == 0 || errno == ENOENT)
		return 0;
	return err_sys(err, ERR_PERM, "uid %u may not work in %s/%s",
	    (unsigned)geteuid(), path, name);
}
