/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/subdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/beneath.h"

int
subdir_open(int at, const char *name, struct err *err)
{
	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "mkdir %s", name);
	return beneath_open(at, name, O_RDONLY | O_DIRECTORY, 0, err);
}

size_t
subdir_empty(int dirfd)
{
	const int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	size_t n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			n += unlinkat(dirfd, e->d_name, 0) == 0;
	closedir(d);
	return n;
}
