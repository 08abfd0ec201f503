/* SPDX-License-Identifier: ISC */
#include "master/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/beneath.h"
#include "sys/fd.h"

enum { PLACE_MAX_BYTES = 1024 };

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

bool
place_ok(struct slice place)
{
	if (place.n == 0 || place.n > PLACE_MAX_BYTES ||
	    place.p[place.n - 1] == '/')
		return false;
	while (place.n > 0) {
		const struct slice level = slice_cut(place, '/', &place);

		if (level.n == 0 || level.p[0] == '.')
			return false;
		for (size_t i = 0; i < level.n; i++)
			if ((unsigned char)level.p[i] < 0x20 ||
			    level.p[i] == 0x7f)
				return false;
	}
	return true;
}

bool
place_dir_ok(struct slice dir)
{
	if (dir.n == 0 || dir.n > NAME_MAX || dir.p[0] != '.' ||
	    slice_is(dir, ".."))
		return false;
	for (size_t i = 0; i < dir.n; i++)
		if (dir.p[i] == '/' || dir.p[i] == '\0')
			return false;
	return true;
}

/* A mount of DIR alone; DIR itself where that is not to be had (the right to
 * mount is CAP_SYS_ADMIN). */
static int
without_parent(int dir)
{
	int tree = open_tree(dir, "",
	    AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int fd;

	if (tree == -1)
		return dir;
	fd = openat(tree, ".", DIR_FLAGS);
	fd_close(&tree);
	if (fd == -1)
		return dir;
	fd_close(&dir);
	return fd;
}

/* Files are opened as UID, until it is called again. */
static void
act_as(bool as_owner, uid_t uid, gid_t gid)
{
	if (!as_owner)
		return;
	(void)setfsgid(gid);
	(void)setfsuid(uid);
}

int
place_open(const char *root, const char *place, bool as_owner, uid_t uid,
    gid_t gid, struct err *err)
{
	int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (top == -1)
		return err_sys(err, ERR_PERM, "open %s", root);
	act_as(as_owner, uid, gid);
	fd = beneath_make(top, place, 0700, err);
	act_as(as_owner, geteuid(), getegid());
	fd_close(&top);
	return fd == -1 ? -1 : without_parent(fd);
}

int
place_find(const char *root, const char *path, bool as_owner, uid_t uid,
    gid_t gid, struct err *err)
{
	int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (top == -1)
		return err_sys(err, ERR_PERM, "open %s", root);
	act_as(as_owner, uid, gid);
	fd = beneath_open(top, path, O_PATH | O_DIRECTORY, 0, err);
	act_as(as_owner, geteuid(), getegid());
	fd_close(&top);
	return fd;
}
