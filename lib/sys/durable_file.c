/* SPDX-License-Identifier: ISC */
#include "sys/durable_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/ascii.h"
#include "sys/fd.h"

/* No program is replaced here, so nobody needs to run it. */
static int
own_as(int fd, const char *name, const struct stat *like, struct err *err)
{
	if (fchmod(fd, like->st_mode & 0776) == -1)
		return err_sys(err, ERR_TEMP, "set the mode of %s", name);
	if (fchown(fd, like->st_uid, like->st_gid) == -1)
		return err_sys(err, ERR_TEMP, "set the owner of %s", name);
	return 0;
}

int
durable_replace(int dirfd, const char *name, struct slice body, mode_t mode,
    struct err *err)
{
	const struct stat like = {
		.st_mode = mode,
		.st_uid = (uid_t)-1,
		.st_gid = (gid_t)-1,
	};

	return durable_replace_like(dirfd, name, body, &like, err);
}

/* BODY in TMP, synced; its name is not. */
static int
create(int dirfd, const char *tmp, struct slice body, const struct stat *like,
    struct stat *made, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int rc = -1;
	int fd = openat(dirfd, tmp, flags, 0600);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", tmp);
	if (own_as(fd, tmp, like, err) == 0 &&
	    fd_write_all(fd, body, err) == 0 && fd_sync(fd, err) == 0)
		rc = made == NULL || fstat(fd, made) == 0
			 ? 0
			 : err_sys(err, ERR_TEMP, "stat %s", tmp);
	if (rc == -1)
		(void)unlinkat(dirfd, tmp, 0);
	close(fd);
	return rc;
}

int
durable_replace_like(int dirfd, const char *name, struct slice body,
    const struct stat *like, struct err *err)
{
	char tmp[256];
	int rc;

	snprintf(tmp, sizeof tmp, ".%.200s.%08x", name, arc4random());
	if (create(dirfd, tmp, body, like, NULL, err) == -1)
		return -1;
	rc = durable_commit(dirfd, tmp, name, err);
	if (rc == -1)
		(void)unlinkat(dirfd, tmp, 0);
	return rc;
}

/* ".NAME.0123abcd" */
static bool
is_left_of(struct slice file, struct slice name)
{
	if (file.n != name.n + 10 || file.p[0] != '.' ||
	    !slice_eq(slice_sub(file, 1, name.n), name) ||
	    file.p[name.n + 1] != '.')
		return false;
	for (size_t i = name.n + 2; i < file.n; i++)
		if (!ascii_isdigit(file.p[i]) &&
		    (file.p[i] < 'a' || file.p[i] > 'f'))
			return false;
	return true;
}

void
durable_sweep(int dirfd, const char *name)
{
	const struct slice of = slice_sub(slice_str(name), 0, 200);
	const struct dirent *e;
	const int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (is_left_of(slice_str(e->d_name), of))
			(void)unlinkat(dirfd, e->d_name, 0);
	closedir(d);
}

int
durable_prepare(int dirfd, const char *tmp, struct slice body,
    const struct stat *like, struct stat *made, struct err *err)
{
	if (unlinkat(dirfd, tmp, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "remove %s", tmp);
	if (create(dirfd, tmp, body, like, made, err) == -1)
		return -1;
	if (fd_sync(dirfd, err) == 0)
		return 0;
	(void)unlinkat(dirfd, tmp, 0);
	return -1;
}

int
durable_commit(int dirfd, const char *tmp, const char *name, struct err *err)
{
	if (renameat(dirfd, tmp, dirfd, name) == -1)
		return err_sys(err, ERR_TEMP, "rename %s to %s", tmp, name);
	return fd_sync(dirfd, err);
}

int
durable_symlink(
    int dirfd, const char *name, const char *target, struct err *err)
{
	char tmp[256];
	int rc;

	snprintf(tmp, sizeof tmp, ".%.200s.%08x", name, arc4random());
	if (symlinkat(target, dirfd, tmp) == -1)
		return err_sys(err, ERR_TEMP, "create %s", tmp);
	rc = durable_commit(dirfd, tmp, name, err);
	if (rc == -1)
		(void)unlinkat(dirfd, tmp, 0);
	return rc;
}

int
durable_link(int dirfd, const char *name, const char *new, struct err *err)
{
	if (linkat(dirfd, name, dirfd, new, 0) == -1)
		return err_sys(err, ERR_TEMP, "link %s to %s", name, new);
	return fd_sync(dirfd, err);
}

int
durable_unlink(int dirfd, const char *name, struct err *err)
{
	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT)
		return err_sys(err, ERR_TEMP, "remove %s", name);
	return fd_sync(dirfd, err);
}

int
durable_unchanged(
    int dirfd, const char *name, const struct stat *seen, struct err *err)
{
	struct stat now;
	const bool there = fstatat(dirfd, name, &now, AT_SYMLINK_NOFOLLOW) == 0;

	if (!there && errno == ENOENT && seen->st_ino == 0)
		return 0;
	if (there && now.st_dev == seen->st_dev && now.st_ino == seen->st_ino &&
	    now.st_size == seen->st_size &&
	    memcmp(&now.st_ctim, &seen->st_ctim, sizeof now.st_ctim) == 0)
		return 0;
	return err_set(
	    err, ERR_TEMP, "%s was changed meanwhile: try again", name);
}

int
durable_append(
    int dirfd, const char *name, int64_t at, struct slice body, struct err *err)
{
	int rc = -1;
	int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", name);
	if (ftruncate(fd, at) == -1)
		err_sys(err, ERR_TEMP, "cut %s", name);
	else if (fd_pwrite_all(fd, body, at, err) == 0)
		rc = fd_sync(fd, err);
	if (rc == -1)
		(void)!ftruncate(fd, at);
	close(fd);
	return rc;
}
