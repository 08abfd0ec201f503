/* SPDX-License-Identifier: ISC */
/* Removing what nobody needs any more. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/boxes.h"
#include "sys/clock.h"

enum { TREE_DEPTH = 4, TMP_AGE_S = 36 * 3600 /* as Maildir says */ };

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static DIR *
open_dir(int dirfd, const char *name)
{
	const int fd = openat(dirfd, name, DIR_FLAGS);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;

	if (dir == NULL && fd != -1)
		close(fd);
	return dir;
}

static void
remove_below(int at, const char *name, int depth)
{
	DIR *dir = open_dir(at, name);
	const struct dirent *de;

	if (dir == NULL)
		return;
	while ((de = readdir(dir)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), de->d_name, 0) == -1 &&
		    (errno == EISDIR || errno == EPERM) && depth > 0) {
			remove_below(dirfd(dir), de->d_name, depth - 1);
			(void)unlinkat(dirfd(dir), de->d_name, AT_REMOVEDIR);
		}
	}
	closedir(dir);
}

void
tree_remove(int dirfd, const char *name)
{
	remove_below(dirfd, name, TREE_DEPTH);
	(void)unlinkat(dirfd, name, AT_REMOVEDIR);
}

void
boxes_bury(int fd)
{
	static const char prefix[] = "pabal.deleted.";
	DIR *dir = open_dir(fd, ".");
	const struct dirent *de;

	if (dir == NULL)
		return;
	while ((de = readdir(dir)) != NULL)
		if (strncmp(de->d_name, prefix, sizeof prefix - 1) == 0)
			tree_remove(fd, de->d_name);
	closedir(dir);
}

void
tmp_clean(int tmpfd)
{
	const int64_t now_s = clock_wall_s();
	DIR *dir = open_dir(tmpfd, ".");
	const struct dirent *de;
	struct stat sb;

	if (dir == NULL)
		return;
	/* The time of the last change, which no writer can set. */
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.' &&
		    fstatat(tmpfd, de->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(sb.st_mode) &&
		    now_s - sb.st_ctim.tv_sec > TMP_AGE_S)
			(void)unlinkat(tmpfd, de->d_name, 0);
	closedir(dir);
}
