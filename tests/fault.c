/* SPDX-License-Identifier: ISC */
/*
 * The functions here come before libc's: the linker exports them to shared
 * libraries as well, because these refer to the same names.
 */
#include "tests/fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The sync threads of lib/sys/durable call as well. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	bool counting, armed, for_ever, rest;
	enum fault_kind kind;
	unsigned calls, nth;
	const char *name;
	const char *only, *within; /* NULL: every call counts */
} state;

/* Is it one that counts? */
static bool
is_meant(const char *name, int fd)
{
	char link[40], path[300];
	ssize_t n;

	if (state.only == NULL)
		return true;
	if (strstr(name, state.only) == NULL)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n == -1)
		return false;
	path[n] = '\0';
	return strncmp(path, state.within, strlen(state.within)) == 0;
}

/* Must the call NAME fail, which is about FD?  PART: a write, which may be done
 * in part. */
static bool
strikes(const char *name, int fd, bool *part)
{
	bool hit = false;

	pthread_mutex_lock(&lock);
	if (state.counting && is_meant(name, fd)) {
		state.calls++;
		hit = state.armed &&
		      (state.calls == state.nth || state.rest ||
			  (state.for_ever && state.calls > state.nth));
		/* What follows a part of a write finds no room either. */
		state.rest =
		    hit && state.kind == FAULT_SHORT && *part && !state.rest;
		*part = state.rest;
		if (hit && state.name == NULL)
			state.name = name;
	}
	pthread_mutex_unlock(&lock);
	if (hit && state.kind == FAULT_EXIT)
		_exit(FAULT_STATUS);
	if (hit)
		errno = state.kind == FAULT_IO ? EIO : ENOSPC;
	return hit;
}

static bool
fails(const char *name, int fd)
{
	bool part = false;

	return strikes(name, fd, &part);
}

static bool
is_file(int fd)
{
	const int saved = errno;
	struct stat st;
	const bool yes = state.counting && fstat(fd, &st) == 0 &&
			 (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));

	errno = saved;
	return yes;
}

void
fault_count(void)
{
	fault_off();
	state.counting = true;
}

unsigned
fault_calls(void)
{
	return state.calls;
}

void
fault_arm(enum fault_kind kind, unsigned nth, bool for_ever)
{
	fault_count();
	state.kind = kind;
	state.nth = nth;
	state.for_ever = for_ever;
	state.armed = true;
}

void
fault_arm_at(
    enum fault_kind kind, const char *name, const char *within, unsigned nth)
{
	fault_off();
	state.only = name;
	state.within = within;
	state.kind = kind;
	state.nth = nth;
	state.armed = state.counting = true;
}

bool
fault_struck(void)
{
	return state.name != NULL;
}

const char *
fault_name(void)
{
	return state.name != NULL ? state.name : "";
}

void
fault_off(void)
{
	pthread_mutex_lock(&lock);
	state.counting = state.armed = state.for_ever = state.rest = false;
	state.calls = state.nth = 0;
	state.name = state.only = state.within = NULL;
	pthread_mutex_unlock(&lock);
}

/* ---- the system calls ---- */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The first bytes of what a write was asked for: half, at least one. */
static size_t
half(size_t n)
{
	return n > 1 ? n / 2 : n;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	bool part = true;

	if (!is_file(fd) || !strikes("write", fd, &part))
		return REAL(write)(fd, p, n);
	return part ? REAL(write)(fd, p, half(n)) : -1;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t off)
{
	bool part = true;

	if (!is_file(fd) || !strikes("pwrite", fd, &part))
		return REAL(pwrite)(fd, p, n, off);
	return part ? REAL(pwrite)(fd, p, half(n), off) : -1;
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	bool part = true;

	if (!is_file(fd) || !strikes("writev", fd, &part))
		return REAL(writev)(fd, v, n);
	return part ? REAL(write)(fd, v[0].iov_base, half(v[0].iov_len)) : -1;
}

int
fsync(int fd)
{
	return fails("fsync", fd) ? -1 : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	return fails("fdatasync", fd) ? -1 : REAL(fdatasync)(fd);
}

int
syncfs(int fd)
{
	return fails("syncfs", fd) ? -1 : REAL(syncfs)(fd);
}

int
ftruncate(int fd, off_t n)
{
	return fails("ftruncate", fd) ? -1 : REAL(ftruncate)(fd, n);
}

int
posix_fallocate(int fd, off_t off, off_t n)
{
	return fails("posix_fallocate", fd) ? errno
					    : REAL(posix_fallocate)(fd, off, n);
}

int
openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
		if (fails("openat", dirfd))
			return -1;
	}
	return REAL(openat)(dirfd, path, flags, mode);
}

int
mkdirat(int dirfd, const char *path, mode_t mode)
{
	return fails("mkdirat", dirfd) ? -1 : REAL(mkdirat)(dirfd, path, mode);
}

int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	return fails("linkat", from) ? -1
				     : REAL(linkat)(from, old, to, new, flags);
}

int
symlinkat(const char *target, int dirfd, const char *path)
{
	return fails("symlinkat", dirfd) ? -1
					 : REAL(symlinkat)(target, dirfd, path);
}

int
renameat(int from, const char *old, int to, const char *new)
{
	return fails("renameat", from) ? -1
				       : REAL(renameat)(from, old, to, new);
}

int
renameat2(
    int from, const char *old, int to, const char *new, unsigned int flags)
{
	return fails("renameat2", from)
		   ? -1
		   : REAL(renameat2)(from, old, to, new, flags);
}

int
unlinkat(int dirfd, const char *path, int flags)
{
	return fails("unlinkat", dirfd) ? -1
					: REAL(unlinkat)(dirfd, path, flags);
}

int
futimens(int fd, const struct timespec times[2])
{
	return fails("futimens", fd) ? -1 : REAL(futimens)(fd, times);
}
