/* SPDX-License-Identifier: ISC */
#include "master/logindex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sys/fd.h"

enum { NAME_BYTES = 24 };

static const char index_dir[] = "index";

static void
name_of(ino_t inode, char name[static NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%ju", (uintmax_t)inode);
}

/* A directory that stays open in D's place; NULL, and FD is closed. */
static DIR *
open_stream(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);

	if (d == NULL)
		fd_close(&fd);
	return d;
}

/* Put the inodes of the files in DIRFD into NAMES; false: not all are known. */
static bool
find_logs(int dirfd, struct map *names)
{
	DIR *d = open_stream(dirfd);
	const struct dirent *e;
	bool all = true;

	if (d == NULL)
		return false;
	while (errno = 0, (e = readdir(d)) != NULL) {
		char name[NAME_BYTES];
		struct stat st;

		if (fstatat(dirfd, e->d_name, &st, 0) == -1) {
			all &= errno == ENOENT;
			continue;
		}
		name_of(st.st_ino, name);
		(void)map_put(names, slice_str(name), names);
	}
	all &= errno == 0;
	closedir(d);
	return all;
}

static bool
is_index(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isdigit(name.p[i]))
			return false;
	return name.n > 0;
}

/* Remove what is the index of no file in DIRFD any more.  A file that is being
 * renamed may be missed: its index goes, and it is searched by reading. */
static void
clean(int dirfd, int indexes)
{
	DIR *d = open_stream(indexes);
	const struct dirent *e;
	struct map names;

	if (d == NULL)
		return;
	map_init(&names);
	if (find_logs(dirfd, &names))
		while ((e = readdir(d)) != NULL) {
			const struct slice name = slice_str(e->d_name);

			if (is_index(name) && map_find(&names, name) == NULL)
				(void)unlinkat(indexes, e->d_name, 0);
		}
	map_fini(&names);
	closedir(d);
}

static int
open_in(int dirfd, int log, struct err *err)
{
	const int flags =
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char name[NAME_BYTES];
	struct stat st;
	int indexes, fd = -1;

	if (mkdirat(dirfd, index_dir, 0750) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "create %s", index_dir);
	indexes = openat(
	    dirfd, index_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (indexes == -1)
		return err_sys(err, ERR_TEMP, "open %s", index_dir);
	clean(dirfd, indexes);
	if (fstat(log, &st) == -1) {
		err_sys(err, ERR_TEMP, "stat");
	} else {
		name_of(st.st_ino, name);
		fd = openat(indexes, name, flags, 0640);
		if (fd == -1)
			err_sys(err, ERR_TEMP, "open %s/%s", index_dir, name);
	}
	fd_close(&indexes);
	return fd;
}

int
logindex_open(const char *file, int log, struct err *err)
{
	const struct slice path = slice_str(file);
	char *dir = xslicedup(slice_sub(path, 0, slice_rfind(path, '/')));
	int fd = -1, dirfd;

	dirfd = open(path.n > strlen(dir) ? dir : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		err_sys(err, ERR_TEMP, "open %s", dir);
	else
		fd = open_in(dirfd, log, err);
	fd_close(&dirfd);
	free(dir);
	return fd;
}
