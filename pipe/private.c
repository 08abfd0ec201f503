/* SPDX-License-Identifier: ISC */
/* By a mount namespace; who is not root gets the right to one from a user
 * namespace in which there is only himself. */
#include "pipe/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/slice.h"
#include "sys/fd.h"

/* Of the memory; what lies there counts as the user's own. */
static const char options[] = "mode=1777,size=10%";

static int
write_proc(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	rc = fd_write_all(fd, slice_str(text), err);
	fd_close(&fd);
	return rc;
}

static int
map_self(uid_t uid, gid_t gid, struct err *err)
{
	char users[64], groups[64];

	snprintf(users, sizeof users, "%u %u 1", (unsigned)uid, (unsigned)uid);
	snprintf(
	    groups, sizeof groups, "%u %u 1", (unsigned)gid, (unsigned)gid);
	if (write_proc("/proc/self/setgroups", "deny", err) == -1 ||
	    write_proc("/proc/self/uid_map", users, err) == -1)
		return -1;
	return write_proc("/proc/self/gid_map", groups, err);
}

static int
leave_mounts(struct err *err)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();

	if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) == -1)
		return err_sys(err, ERR_TEMP, "unshare");
	if (uid != 0 && map_self(uid, gid, err) == -1)
		return -1;
	/* what is mounted outside comes in, what is mounted here stays here */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == -1)
		return err_sys(err, ERR_TEMP, "mount");
	return 0;
}

int
private_tmp(struct err *err)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp" };

	if (leave_mounts(err) == -1)
		return -1;
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		if (mount("tmpfs", dirs[i], "tmpfs", MS_NOSUID | MS_NODEV,
			options) == -1 &&
		    errno != ENOENT)
			return err_sys(err, ERR_TEMP, "mount %s", dirs[i]);
	return 0;
}
