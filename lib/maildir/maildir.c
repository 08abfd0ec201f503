/* SPDX-License-Identifier: ISC */
/* Maildir++ on a file system: names are renamed, linked and unlinked with the
 * *at() calls, relative to directories that were opened without links. */
#include "maildir/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "maildir/mailboxes.h"
#include "maildir/tree.h"
#include "sys/fd.h"

enum { CHUNK = 64 << 10, BLOCK = 128 };

static const char *const subs[] = { "cur", "new", "tmp" };

static int64_t
time_ns(const struct stat *sb)
{
	return (int64_t)sb->st_mtim.tv_sec * 1000000000 + sb->st_mtim.tv_nsec;
}

static int64_t
mtime_ns(int fd)
{
	struct stat sb;

	return fd == -1 || fstat(fd, &sb) == -1 ? 0 : time_ns(&sb);
}

int64_t
maildir_names_time(int accountfd)
{
	return mtime_ns(accountfd);
}

static bool
is_mailbox_dir(int fd, const struct dirent *de)
{
	struct stat sb;

	if (de->d_name[0] != '.' || de->d_name[1] == '\0' ||
	    strcmp(de->d_name, "..") == 0)
		return false;
	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_DIR;
	return fstatat(fd, de->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(sb.st_mode);
}

int
maildir_names(int accountfd, struct buf *dirs, struct err *err)
{
	DIR *dir = tree_opendir(accountfd, ".");
	const struct dirent *de;

	if (dir == NULL)
		return err_sys(err, ERR_TEMP, "open the account's directory");
	buf_addc(dirs, '\0');
	while ((de = readdir(dir)) != NULL)
		if (is_mailbox_dir(dirfd(dir), de))
			buf_add(
			    dirs, slice_of(de->d_name, strlen(de->d_name) + 1));
	closedir(dir);
	return dirs->failed ? err_set(err, ERR_TEMP, "too many mailboxes") : 0;
}

bool
maildir_is_usable(int accountfd, const char *dir)
{
	int fd = dir[0] != '\0' ? openat(accountfd, dir, TREE_DIR_FLAGS) : -1;
	bool ok = fd != -1 || dir[0] == '\0' || errno != EACCES;

	if (fd != -1)
		ok = faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 ||
		     (errno != EACCES && errno != EPERM);
	for (size_t i = 0; ok && fd != -1 && i < ARRAY_LEN(subs); i++)
		ok = faccessat(fd, subs[i], R_OK | W_OK | X_OK, AT_EACCESS) ==
			 0 ||
		     (errno != EACCES && errno != EPERM);
	fd_close(&fd);
	return ok;
}

bool
maildir_is_account(int fd)
{
	return faccessat(fd, "cur", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
maildir_close(struct maildir *d)
{
	fd_close(&d->fd);
	fd_close(&d->curfd);
	fd_close(&d->newfd);
	fd_close(&d->tmpfd);
	d->learnt = d->host_time = false;
	d->dev = 0;
}

static int
open_sub(int fd, const char *name, bool make)
{
	int sub = openat(fd, name, TREE_DIR_FLAGS);

	if (sub == -1 && errno == ENOENT && make &&
	    (mkdirat(fd, name, 0700) == 0 || errno == EEXIST))
		sub = openat(fd, name, TREE_DIR_FLAGS);
	return sub;
}

enum found
maildir_open(struct maildir *d, int accountfd, const char *dir, bool make,
    struct err *err)
{
	const bool inbox = dir[0] == '\0';

	*d = MAILDIR_CLOSED;
	d->fd = openat(accountfd, inbox ? "." : dir, TREE_DIR_FLAGS);
	if (d->fd == -1 &&
	    (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
		return ABSENT;
	}
	if (d->fd == -1) {
		err_sys(err, ERR_TEMP, "open %s", dir);
		return TEMPFAIL;
	}
	d->curfd = open_sub(d->fd, "cur", make);
	if (d->curfd != -1)
		d->newfd = open_sub(d->fd, "new", true);
	if (d->newfd != -1)
		d->tmpfd = open_sub(d->fd, "tmp", true);
	if (d->tmpfd != -1)
		return FOUND;
	err_sys(err, ERR_TEMP, "open cur, new and tmp of \"%s\"", dir);
	maildir_close(d);
	return TEMPFAIL;
}

bool
maildir_is_there(const struct maildir *d, struct maildir_times *t)
{
	struct stat sb;

	if (d->tmpfd == -1 || fstat(d->curfd, &sb) == -1 || sb.st_nlink == 0)
		return false;
	*t = (struct maildir_times){ time_ns(&sb), mtime_ns(d->newfd) };
	return true;
}

bool
maildir_is_empty(const struct maildir *d)
{
	return tree_is_empty(d->curfd) && tree_is_empty(d->newfd);
}

int
maildir_make(int accountfd, const char *dir, bool *made, struct err *err)
{
	*made = mkdirat(accountfd, dir, 0700) == 0;
	if (*made || errno == EEXIST)
		return 0;
	return err_sys(err, ERR_TEMP, "make %s", dir);
}

int
maildir_mark(const struct maildir *d, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(d->fd, "maildirfolder", flags, 0600);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "make maildirfolder");
	fd_close(&fd);
	return 0;
}

void
maildir_unmake(int accountfd, const char *dir)
{
	int fd = openat(accountfd, dir, TREE_DIR_FLAGS);

	for (size_t i = 0; i < ARRAY_LEN(subs); i++)
		(void)unlinkat(fd, subs[i], AT_REMOVEDIR);
	(void)unlinkat(fd, "maildirfolder", 0);
	(void)unlinkat(fd, "pabal-mailbox", 0);
	fd_close(&fd);
	(void)unlinkat(accountfd, dir, AT_REMOVEDIR);
}

/* What a call that returned RC did to NAME. */
static enum found
found_by(int rc, const char *what, const char *name, struct err *err)
{
	if (rc == 0)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "%s %s", what, name);
	return TEMPFAIL;
}

enum found
maildir_rename(int accountfd, const char *dir, const char *to, struct err *err)
{
	return found_by(
	    renameat(accountfd, dir, accountfd, to), "rename", dir, err);
}

static int
part_fd(const struct maildir *d, enum maildir_part part)
{
	return part == MAILDIR_NEW ? d->newfd : d->curfd;
}

int
maildir_begin(const struct maildir *d, const char *tmp, struct err *err)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const int fd = openat(d->tmpfd, tmp, flags, 0600);

	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "create a file in tmp");
}

int
maildir_place(const struct maildir *d, const char *tmp, enum maildir_part part,
    const char *name, struct err *err)
{
	if (renameat(d->tmpfd, tmp, part_fd(d, part), name) == 0)
		return 0;
	return err_sys(err, ERR_TEMP, "rename into the mailbox");
}

enum found
maildir_link_begin(const struct maildir *d, const char *tmp,
    const struct maildir *to, const char *totmp, struct err *err)
{
	if (linkat(d->tmpfd, tmp, to->tmpfd, totmp, 0) == 0)
		return FOUND;
	if (errno == EXDEV || errno == EPERM || errno == EMLINK ||
	    errno == EOPNOTSUPP || errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "link in tmp");
	return TEMPFAIL;
}

void
maildir_drop(const struct maildir *d, const char *tmp)
{
	(void)unlinkat(d->tmpfd, tmp, 0);
}

enum found
maildir_read(const struct maildir *d, enum maildir_part part, const char *name,
    int *fd, struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	*fd = openat(part_fd(d, part), name, flags);
	return found_by(*fd == -1 ? -1 : 0, "open", name, err);
}

static bool
message_stat(const struct stat *sb, struct maildir_stat *st)
{
	*st = (struct maildir_stat){ sb->st_size, sb->st_mtim.tv_sec };
	return S_ISREG(sb->st_mode);
}

int
maildir_stat(int fd, struct maildir_stat *st, struct err *err)
{
	struct stat sb;

	if (fstat(fd, &sb) == 0 && message_stat(&sb, st))
		return 0;
	return err_set(err, ERR_TEMP, "not a regular file");
}

enum found
maildir_find(const struct maildir *d, enum maildir_part part, const char *name,
    struct maildir_stat *st)
{
	struct stat sb;

	return fstatat(part_fd(d, part), name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		       message_stat(&sb, st)
		   ? FOUND
		   : ABSENT;
}

/* Line ends without CR among the BLOCK bytes at P, and the one before them.  No
 * branch for each line: there are files of nothing else. */
static unsigned
bare_ends(const char *p)
{
	unsigned char bare = 0;

	for (int i = 0; i < BLOCK; i++)
		bare = (unsigned char)(bare +
				       ((p[i] == '\n') & (p[i - 1] != '\r')));
	return bare;
}

/* Only there, because no message begins or ends in blocks of NUL, whoever wrote
 * it. */
bool
maildir_is_hollow(int fd, int64_t size)
{
	return size > 0 && (lseek(fd, 0, SEEK_HOLE) == 0 ||
			       lseek(fd, size - 1, SEEK_HOLE) == size - 1);
}

int64_t
maildir_wire_size(int fd, struct err *err)
{
	/* The last byte of what was read before comes first; what is left of
	 * the last block is zeros. */
	char *chunk = xcalloc(1, 1 + CHUNK + BLOCK);
	int64_t size = 0, added = 0;
	ssize_t n;

	while ((n = pread(fd, chunk + 1, CHUNK, size)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_sys(err, ERR_TEMP, "read a message");
			size = -1;
			added = 0;
			break;
		}
		memset(chunk + 1 + n, 0, BLOCK);
		for (ssize_t at = 0; at < n; at += BLOCK)
			added += bare_ends(chunk + 1 + at);
		chunk[0] = chunk[n];
		size += n;
	}
	xfree(&chunk);
	return size + added;
}

/* Where no link can be made, a second file. */
static int
copy_bytes(int dirfd, const char *name, int todirfd, const char *to)
{
	int in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int out = openat(todirfd, to,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct buf chunk;
	int rc = -1;
	ssize_t n = -1;

	buf_init(&chunk, CHUNK);
	while (in != -1 && out != -1) {
		n = read(in, buf_room(&chunk, CHUNK), CHUNK);
		if (n <= 0 ||
		    fd_write_all(out, slice_of(chunk.p, (size_t)n), NULL) == -1)
			break;
	}
	if (n == 0)
		rc = fd_sync(out, NULL);
	buf_fini(&chunk);
	fd_close(&in);
	fd_close(&out);
	return rc;
}

enum found
maildir_link(const struct maildir *d, enum maildir_part part, const char *name,
    const struct maildir *to, const char *toname, struct err *err)
{
	const int dirfd = part_fd(d, part);
	int rc = linkat(dirfd, name, to->curfd, toname, 0);

	if (rc == -1 && (errno == EMLINK || errno == EPERM || errno == EXDEV ||
			    errno == EOPNOTSUPP))
		rc = copy_bytes(dirfd, name, to->curfd, toname);
	return found_by(rc, "copy", name, err);
}

enum found
maildir_move(const struct maildir *d, enum maildir_part part, const char *name,
    const struct maildir *to, enum maildir_part topart, const char *toname,
    struct err *err)
{
	return found_by(
	    renameat(part_fd(d, part), name, part_fd(to, topart), toname),
	    "rename", name, err);
}

enum found
maildir_remove(const struct maildir *d, enum maildir_part part,
    const char *name, struct err *err)
{
	return found_by(
	    unlinkat(part_fd(d, part), name, 0), "unlink", name, err);
}

enum found
maildir_set_aside(
    const struct maildir *d, enum maildir_part part, const char *name)
{
	return found_by(renameat(part_fd(d, part), name, d->tmpfd, name),
	    "rename", name, NULL);
}

int
maildir_sync_fd(
    const struct maildir *d, enum maildir_part part, struct err *err)
{
	const int fd = fcntl(part_fd(d, part), F_DUPFD_CLOEXEC, 0);

	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "sync a mailbox");
}

int
maildir_sync(const struct maildir *d, enum maildir_part part, struct err *err)
{
	return fd_sync(part_fd(d, part), err);
}

int64_t
maildir_time(const struct maildir *d, enum maildir_part part)
{
	return mtime_ns(part_fd(d, part));
}

struct maildir_times
maildir_times(const struct maildir *d)
{
	return (struct maildir_times){ mtime_ns(d->curfd), mtime_ns(d->newfd) };
}
