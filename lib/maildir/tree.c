/* SPDX-License-Identifier: ISC */
#include "maildir/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"

enum {
	TREE_DEPTH = 4,
	TMP_AGE_S = 36 * 3600, /* as Maildir says */
	TMP_NAMES = 1000,      /* looked at in a call */
};

DIR *
tree_opendir(int dirfd, const char *name)
{
	const int fd = openat(dirfd, name, TREE_DIR_FLAGS);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;

	if (dir == NULL && fd != -1)
		close(fd);
	return dir;
}

bool
tree_is_empty(int fd)
{
	DIR *dir = tree_opendir(fd, ".");
	const struct dirent *de;
	bool empty = dir != NULL;

	while (empty && (de = readdir(dir)) != NULL)
		empty = strcmp(de->d_name, ".") == 0 ||
			strcmp(de->d_name, "..") == 0;
	if (dir != NULL)
		closedir(dir);
	return empty;
}

struct budget {
	unsigned left;    /* so many names are tried */
	unsigned removed; /* of them */
};

static void
remove_below(int at, const char *name, int depth, struct budget *budget)
{
	DIR *dir = tree_opendir(at, name);
	const struct dirent *de;

	if (dir == NULL)
		return;
	while (budget->left > 0 && (de = readdir(dir)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		budget->left--;
		if (unlinkat(dirfd(dir), de->d_name, 0) == 0) {
			budget->removed++;
		} else if ((errno == EISDIR || errno == EPERM) && depth > 0) {
			remove_below(dirfd(dir), de->d_name, depth - 1, budget);
			(void)unlinkat(dirfd(dir), de->d_name, AT_REMOVEDIR);
		}
	}
	closedir(dir);
}

void
tree_remove(int dirfd, const char *name)
{
	struct budget budget = { .left = UINT_MAX };

	remove_below(dirfd, name, TREE_DEPTH, &budget);
	(void)unlinkat(dirfd, name, AT_REMOVEDIR);
}

bool
tree_remove_some(int fd, const char *prefix, unsigned max)
{
	DIR *dir = tree_opendir(fd, ".");
	const struct dirent *de;
	struct budget budget = { .left = max };

	if (dir == NULL)
		return false;
	while (budget.left > 0 && (de = readdir(dir)) != NULL) {
		if (strncmp(de->d_name, prefix, strlen(prefix)) != 0)
			continue;
		remove_below(fd, de->d_name, TREE_DEPTH, &budget);
		(void)unlinkat(fd, de->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
	/* What cannot be removed is tried again with the next one. */
	return budget.left == 0 && budget.removed > 0;
}

void
tree_clean_tmp(int tmpfd)
{
	const int64_t now_s = clock_wall_s();
	DIR *dir = tree_opendir(tmpfd, ".");
	const struct dirent *de;
	struct stat sb;

	if (dir == NULL)
		return;
	/* The time of the last change, which no writer can set. */
	for (int n = 0; n < TMP_NAMES && (de = readdir(dir)) != NULL; n++)
		if (de->d_name[0] != '.' &&
		    fstatat(tmpfd, de->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(sb.st_mode) &&
		    now_s - sb.st_ctim.tv_sec > TMP_AGE_S)
			(void)unlinkat(tmpfd, de->d_name, 0);
	closedir(dir);
}
