/* SPDX-License-Identifier: ISC */
#include "ctl/sign/signplace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/inst/sysusers.h"

/* A directory in which only root makes files and only keys reads them. */
static int
make_dir(const char *path, gid_t gid, struct err *err)
{
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return err_sys(err, ERR_PERM, "create %s", path);
	if (geteuid() == 0 && lchown(path, (uid_t)-1, gid) == -1)
		return err_sys(err, ERR_PERM, "set the owner of %s", path);
	return 0;
}

int
signplace_open(const char *dir, const char *sub, const char *more,
    struct stat *like, struct err *err)
{
	char *kind = xasprintf("%s/%s", dir, sub);
	char *path =
	    more != NULL ? xasprintf("%s/%s", kind, more) : xstrdup(kind);
	int fd = -1;

	*like = (struct stat){
		.st_mode = 0600, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1
	};
	if ((geteuid() != 0 || sysusers_find("pabal-keys", &like->st_uid,
				   &like->st_gid, err) == 0) &&
	    make_dir(dir, like->st_gid, err) == 0 &&
	    make_dir(kind, like->st_gid, err) == 0 &&
	    make_dir(path, like->st_gid, err) == 0) {
		fd =
		    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			err_sys(err, ERR_PERM, "open %s", path);
	}
	free(path);
	free(kind);
	return fd;
}
