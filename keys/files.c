/* SPDX-License-Identifier: ISC */
#include "keys/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "keys/ring.h"
#include "sys/beneath.h"
#include "sys/fd.h"

static bool
looks_right(const char *name)
{
	static const struct slice endings[] = { SLICE(".pem"), SLICE(".crt"),
		SLICE(".cer"), SLICE(".key") };

	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (slice_ends(slice_str(name), endings[i]))
			return name[0] != '.';
	return false;
}

static void
add(struct keys_files *files, const char *dir, const char *name)
{
	if (files->n == KEYS_RING_FILES_MAX)
		return;
	files->names =
	    xreallocarray(files->names, files->n + 1, sizeof *files->names);
	files->names[files->n++] =
	    *dir != '\0' ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

static bool
is_dir(int dirfd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* List PATH ("." for DIRFD itself) and, when DEPTH is left, what is in it. */
static int
list(int dirfd, const char *path, int depth, struct keys_files *files,
    struct err *err)
{
	const int fd =
	    beneath_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0, err);
	const char *prefix = depth > 0 ? "" : path;
	const struct dirent *e;
	DIR *d;

	if (fd == -1)
		return -1;
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return err_sys(err, ERR_TEMP, "list %s", path);
	}
	while ((e = readdir(d)) != NULL) {
		if (looks_right(e->d_name))
			add(files, prefix, e->d_name);
		else if (depth > 0 && e->d_name[0] != '.' && is_dir(fd, e))
			(void)list(fd, e->d_name, depth - 1, files, NULL);
	}
	closedir(d);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Fold what tells one version of a file from the next into the stamp. */
static void
stamp(int dirfd, struct keys_files *files)
{
	struct {
		uint64_t before, name, ino, size, sec, nsec;
	} v = { 0 };
	struct stat st;

	for (size_t i = 0; i < files->n; i++) {
		if (fstatat(dirfd, files->names[i], &st, AT_SYMLINK_NOFOLLOW) ==
		    -1)
			st = (struct stat){ 0 };
		v.before = files->stamp;
		v.name = map_hash_fixed(slice_str(files->names[i]));
		v.ino = st.st_ino;
		v.size = (uint64_t)st.st_size;
		/* Of the inode: a change of owner or mode counts as well. */
		v.sec = (uint64_t)st.st_ctim.tv_sec;
		v.nsec = (uint64_t)st.st_ctim.tv_nsec;
		files->stamp = map_hash_fixed(slice_of(&v, sizeof v));
	}
}

int
keys_files_list(int dirfd, struct keys_files *files, struct err *err)
{
	*files = (struct keys_files){ .stamp = 1 };
	if (list(dirfd, ".", 1, files, err) == -1)
		return -1;
	if (files->n > 0)
		qsort(files->names, files->n, sizeof *files->names, by_name);
	stamp(dirfd, files);
	return 0;
}

void
keys_files_fini(struct keys_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct keys_files){ 0 };
}

int
keys_files_read(int dirfd, const char *name, struct buf *out, struct err *err)
{
	int fd = beneath_open(dirfd, name, O_RDONLY | O_NONBLOCK, 0, err);
	struct stat st;
	char *p;
	int rc = -1;

	if (fd == -1 && errno == ELOOP)
		return err_set(err, ERR_PERM,
		    "%s is a symbolic link, which keys does not follow", name);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1) {
		err_sys(err, ERR_TEMP, "stat %s", name);
	} else if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_PERM, "%s: not a file", name);
	} else if ((p = buf_room(out, (size_t)st.st_size)) == NULL) {
		err_set(
		    err, ERR_PERM, "%s: larger than %zu bytes", name, out->max);
	} else {
		/* Straight to its place: no copy of a key stays behind. */
		rc = fd_pread_all(fd, p, (size_t)st.st_size, 0, err);
		if (rc == 0)
			buf_added(out, (size_t)st.st_size);
	}
	fd_close(&fd);
	return rc;
}
