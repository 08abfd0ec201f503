/* SPDX-License-Identifier: ISC */
#include "fulltext/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

enum { NAME_MAX_BYTES = 512, CHECKED = VFS_PAGE - VFS_RESERVED };

/* Bytes that are locked, far behind what a file has. */
enum { PENDING_BYTE = 1 << 30, RESERVED_BYTE, SHARED_FIRST, SHARED_SIZE = 510 };

struct file {
	sqlite3_file base;
	int fd;
	bool checked; /* its pages have checksums */
	int lock;     /* SQLITE_LOCK_... */
};

static struct file *
file_of(sqlite3_file *f)
{
	return (struct file *)(void *)f;
}

static int
on_close(sqlite3_file *base)
{
	fd_close(&file_of(base)->fd);
	return SQLITE_OK;
}

/* Pages that changed places are not taken for one another. */
static uint32_t
checksum(const void *page, sqlite3_int64 off)
{
	return crc32c(
	    crc32c(0, slice_of(&off, sizeof off)), slice_of(page, CHECKED));
}

static bool
is_page(const struct file *f, int n, sqlite3_int64 off)
{
	return f->checked && n == VFS_PAGE && off % VFS_PAGE == 0;
}

static int
on_read(sqlite3_file *base, void *to, int n, sqlite3_int64 off)
{
	const struct file *f = file_of(base);
	size_t got = 0;
	uint32_t sum;

	while (got < (size_t)n) {
		const ssize_t some = pread(f->fd, (char *)to + got,
		    (size_t)n - got, off + (sqlite3_int64)got);

		if (some == -1 && errno == EINTR)
			continue;
		if (some == -1)
			return SQLITE_IOERR_READ;
		if (some == 0) {
			memset((char *)to + got, 0, (size_t)n - got);
			return SQLITE_IOERR_SHORT_READ;
		}
		got += (size_t)some;
	}
	if (!is_page(f, n, off))
		return SQLITE_OK;
	memcpy(&sum, (const char *)to + CHECKED, sizeof sum);
	return sum == checksum(to, off) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

static int
write_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL
						  : SQLITE_IOERR_WRITE;
}

static int
on_write(sqlite3_file *base, const void *from, int n, sqlite3_int64 off)
{
	const struct file *f = file_of(base);
	char page[VFS_PAGE];
	size_t put = 0;

	if (is_page(f, n, off)) {
		const uint32_t sum = checksum(from, off);

		memcpy(page, from, CHECKED);
		memset(page + CHECKED, 0, VFS_RESERVED);
		memcpy(page + CHECKED, &sum, sizeof sum);
		from = page;
	}
	while (put < (size_t)n) {
		const ssize_t some = pwrite(f->fd, (const char *)from + put,
		    (size_t)n - put, off + (sqlite3_int64)put);

		if (some == -1 && errno == EINTR)
			continue;
		if (some <= 0)
			return write_error();
		put += (size_t)some;
	}
	return SQLITE_OK;
}

static int
on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	return ftruncate(file_of(base)->fd, size) == 0 ? SQLITE_OK
						       : SQLITE_IOERR_TRUNCATE;
}

static int
on_sync(sqlite3_file *base, int flags)
{
	(void)base;
	(void)flags;
	return SQLITE_OK;
}

static int
on_size(sqlite3_file *base, sqlite3_int64 *size)
{
	struct stat st;

	if (fstat(file_of(base)->fd, &st) == -1)
		return SQLITE_IOERR_FSTAT;
	*size = st.st_size;
	return SQLITE_OK;
}

/* TYPE is F_RDLCK, F_WRLCK or F_UNLCK. */
static int
range(const struct file *f, short type, off_t from, off_t n)
{
	struct flock l = { .l_type = type, .l_start = from, .l_len = n };

	if (fcntl(f->fd, F_OFD_SETLK, &l) == 0)
		return SQLITE_OK;
	return errno == EAGAIN || errno == EACCES || errno == EINTR
		   ? SQLITE_BUSY
		   : SQLITE_IOERR_LOCK;
}

static int
lock_shared(struct file *f)
{
	int rc = range(f, F_RDLCK, PENDING_BYTE, 1);

	if (rc != SQLITE_OK)
		return rc;
	rc = range(f, F_RDLCK, SHARED_FIRST, SHARED_SIZE);
	(void)range(f, F_UNLCK, PENDING_BYTE, 1);
	if (rc == SQLITE_OK)
		f->lock = SQLITE_LOCK_SHARED;
	return rc;
}

static int
on_lock(sqlite3_file *base, int lock)
{
	struct file *f = file_of(base);
	int rc;

	if (f->lock >= lock)
		return SQLITE_OK;
	if (lock == SQLITE_LOCK_SHARED)
		return lock_shared(f);
	if (lock == SQLITE_LOCK_RESERVED) {
		rc = range(f, F_WRLCK, RESERVED_BYTE, 1);
		if (rc == SQLITE_OK)
			f->lock = lock;
		return rc;
	}
	if (f->lock < SQLITE_LOCK_PENDING) {
		rc = range(f, F_WRLCK, PENDING_BYTE, 1);
		if (rc != SQLITE_OK)
			return rc;
		f->lock = SQLITE_LOCK_PENDING;
	}
	if (lock == SQLITE_LOCK_PENDING)
		return SQLITE_OK;
	rc = range(f, F_WRLCK, SHARED_FIRST, SHARED_SIZE);
	if (rc == SQLITE_OK)
		f->lock = lock;
	return rc;
}

static int
on_unlock(sqlite3_file *base, int lock)
{
	struct file *f = file_of(base);
	int rc = SQLITE_OK;

	if (f->lock <= lock)
		return SQLITE_OK;
	if (lock == SQLITE_LOCK_SHARED)
		rc = range(f, F_RDLCK, SHARED_FIRST, SHARED_SIZE);
	if (rc == SQLITE_OK)
		rc = range(f, F_UNLCK, PENDING_BYTE, 2);
	if (rc == SQLITE_OK && lock == SQLITE_LOCK_NONE)
		rc = range(f, F_UNLCK, SHARED_FIRST, SHARED_SIZE);
	if (rc == SQLITE_OK)
		f->lock = lock;
	return rc == SQLITE_OK ? rc : SQLITE_IOERR_UNLOCK;
}

static int
on_check_reserved(sqlite3_file *base, int *held)
{
	struct flock l = {
		.l_type = F_WRLCK, .l_start = RESERVED_BYTE, .l_len = 1
	};

	if (fcntl(file_of(base)->fd, F_OFD_GETLK, &l) == -1)
		return SQLITE_IOERR_CHECKRESERVEDLOCK;
	*held =
	    l.l_type != F_UNLCK || file_of(base)->lock >= SQLITE_LOCK_RESERVED;
	return SQLITE_OK;
}

static int
on_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
sector_size(sqlite3_file *base)
{
	(void)base;
	return VFS_PAGE;
}

static int
characteristics(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_reserved,
	.xFileControl = on_control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

void
vfs_path(struct buf *out, int dirfd, const char *name)
{
	buf_addf(out, "/%d/%s", dirfd, name);
}

/* What vfs_path has written. */
static bool
parse(const char *path, int *dirfd, const char **name)
{
	struct cur c = cur_of(slice_str(path));

	if (path == NULL || !cur_try(&c, "/"))
		return false;
	*dirfd = (int)cur_u64(&c, INT_MAX);
	cur_lit(&c, "/");
	*name = cur_rest(&c).p;
	return !c.failed && *name != NULL;
}

static int
on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
    int *out_flags)
{
	struct file *f = file_of(base);
	const char *name;
	struct stat st;
	int dirfd;

	(void)vfs;
	*f = (struct file){ .fd = -1 };
	if (!parse(path, &dirfd, &name))
		return SQLITE_CANTOPEN;
	f->fd = openat(dirfd, name,
	    O_RDWR | FLAGS | ((flags & SQLITE_OPEN_CREATE) != 0 ? O_CREAT : 0),
	    0600);
	if (f->fd == -1 && (errno == ENOSPC || errno == EDQUOT))
		return SQLITE_FULL;
	if (f->fd == -1)
		return SQLITE_CANTOPEN;
	if (fstat(f->fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		fd_close(&f->fd);
		return SQLITE_CANTOPEN;
	}
	f->checked = (flags & SQLITE_OPEN_MAIN_DB) != 0;
	f->base.pMethods = &methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
on_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	const char *name;
	int dirfd;

	(void)vfs;
	(void)sync_dir;
	if (!parse(path, &dirfd, &name))
		return SQLITE_IOERR_DELETE;
	if (unlinkat(dirfd, name, 0) == 0)
		return SQLITE_OK;
	return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT
			       : SQLITE_IOERR_DELETE;
}

/* An empty journal is none. */
static int
on_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
	const char *name;
	struct stat st;
	int dirfd;

	(void)vfs;
	*result = parse(path, &dirfd, &name) &&
		  fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		  (flags != SQLITE_ACCESS_EXISTS || st.st_size > 0);
	return SQLITE_OK;
}

static int
on_full_path(sqlite3_vfs *vfs, const char *path, int n, char *out)
{
	(void)vfs;
	return slice_copy(slice_str(path), out, (size_t)n) ? SQLITE_OK
							   : SQLITE_CANTOPEN;
}

static int
on_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	arc4random_buf(out, (size_t)n);
	return n;
}

static int
on_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int
on_time(sqlite3_vfs *vfs, double *now)
{
	(void)vfs;
	*now = (double)clock_wall_s() / 86400 + 2440587.5;
	return SQLITE_OK;
}

static int
on_last_error(sqlite3_vfs *vfs, int n, char *out)
{
	(void)vfs;
	(void)n;
	(void)out;
	return errno;
}

static sqlite3_vfs vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(struct file),
	.mxPathname = NAME_MAX_BYTES,
	.zName = VFS_NAME,
	.xOpen = on_open,
	.xDelete = on_delete,
	.xAccess = on_access,
	.xFullPathname = on_full_path,
	.xRandomness = on_randomness,
	.xSleep = on_sleep,
	.xCurrentTime = on_time,
	.xGetLastError = on_last_error,
};

void
vfs_register(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_initialize();
	(void)sqlite3_vfs_register(&vfs, 0);
}
