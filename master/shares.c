/* SPDX-License-Identifier: ISC */
#include "master/shares.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/hex.h"
#include "conf/master.h"
#include "master/master.h"
#include "sys/fd.h"

enum { SHARES_MAX = 1000 }; /* of one owner */

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

bool
shares_on(void)
{
	return master.conf->shared.sharing != SHARED_SHARING_NO;
}

bool
shares_abroad(void)
{
	return master.conf->shared.sharing == SHARED_SHARING_ALL;
}

static bool
is_plain(char c)
{
	return ascii_isalnum(c) || (c != '\0' && strchr("@._+-", c) != NULL);
}

/* BEFORE and NAME as the name of a file: other bytes as %XX. */
static int
put_name(char out[NAME_MAX + 1], const char *before, struct slice name,
    struct err *err)
{
	struct buf b;
	bool fits;

	buf_init(&b, NAME_MAX);
	buf_adds(&b, before);
	for (size_t i = 0; i < name.n; i++) {
		const char c = ascii_lower(name.p[i]);

		if (is_plain(c) && (b.n > 0 || c != '.'))
			buf_addc(&b, c);
		else
			buf_addf(&b, "%%%02x", (unsigned char)c);
	}
	fits = name.n > 0 && !b.failed &&
	       slice_copy(buf_slice(&b), out, NAME_MAX + 1);
	buf_fini(&b);
	return fits ? 0
		    : err_set_code(
			  err, ERR_PERM, ERR_LIMIT, "the address is too long");
}

/* PATH in the directory ABOVE is on disk, also where somebody else had no time
 * for that. */
static int
make_dir(const char *above, const char *path, struct err *err)
{
	int fd, rc;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "mkdir %s", path);
	fd = open(above, DIR_FLAGS);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", above);
	rc = fd_sync(fd, err);
	fd_close(&fd);
	return rc;
}

/* shares/NAME, made where it is not there yet and MAKE; ABSENT. */
static enum found
open_dir(const char *name, bool make, int *fd, struct err *err)
{
	char all[PATH_MAX], path[PATH_MAX];

	if (master.state_dir == NULL) {
		err_set(err, ERR_TEMP, "no state directory");
		return TEMPFAIL;
	}
	snprintf(all, sizeof all, "%s/shares", master.state_dir);
	snprintf(path, sizeof path, "%s/shares/%s", master.state_dir, name);
	if (make && (make_dir(master.state_dir, all, err) == -1 ||
			make_dir(all, path, err) == -1))
		return TEMPFAIL;
	*fd = open(path, DIR_FLAGS);
	if (*fd != -1)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "open %s", path);
	return TEMPFAIL;
}

/* VISIT the names in shares/DIR, until it says false. */
static int
each(const char *dir, bool (*visit)(void *arg, const char *name), void *arg,
    struct err *err)
{
	const struct dirent *e;
	int fd;
	DIR *d;

	switch (open_dir(dir, false, &fd, err)) {
	case FOUND:
		break;
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	}
	d = fdopendir(fd);
	if (d == NULL) {
		fd_close(&fd);
		return err_sys(err, ERR_TEMP, "read %s", dir);
	}
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && !visit(arg, e->d_name))
			break;
	closedir(d);
	return 0;
}

static int
touch(const char *dir, const char *name, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd, file, rc;

	if (open_dir(dir, true, &fd, err) != FOUND)
		return -1;
	file = openat(fd, name, flags, 0600);
	rc = file == -1 ? err_sys(err, ERR_TEMP, "create %s", name)
			: fd_sync(fd, err);
	fd_close(&file);
	fd_close(&fd);
	return rc;
}

static bool
count(void *arg, const char *name)
{
	unsigned *n = arg;

	(void)name;
	return ++*n < SHARES_MAX;
}

int
shares_add(struct slice owner, struct slice name, struct err *err)
{
	char with[NAME_MAX + 1], of[NAME_MAX + 1], from[NAME_MAX + 1];
	enum found found;
	unsigned n = 0;

	if (put_name(with, "", name, err) == -1 ||
	    put_name(of, "", owner, err) == -1 ||
	    put_name(from, "owner=", owner, err) == -1)
		return -1;
	found = shares_has(owner, name, err);
	if (found != ABSENT)
		return found == FOUND ? 0 : -1;
	if (each(from, count, &n, err) == -1)
		return -1;
	if (n >= SHARES_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "shared with too many");
	return touch(from, with, err) == -1 ? -1 : touch(with, of, err);
}

enum found
shares_has(struct slice owner, struct slice name, struct err *err)
{
	char with[NAME_MAX + 1], of[NAME_MAX + 1];
	enum found f;
	int fd, rc;

	if (put_name(with, "", name, err) == -1 ||
	    put_name(of, "", owner, err) == -1)
		return ABSENT;
	f = open_dir(with, false, &fd, err);
	if (f != FOUND)
		return f;
	rc = faccessat(fd, of, F_OK, AT_SYMLINK_NOFOLLOW);
	fd_close(&fd);
	if (rc == 0)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "look for %s", of);
	return TEMPFAIL;
}

/* The byte that "%XX" at the front of S stands for; -1: it is none. */
static int
byte_of(struct slice s)
{
	const int hi = s.n >= 3 ? hex_digit(s.p[1]) : -1;
	const int lo = s.n >= 3 ? hex_digit(s.p[2]) : -1;

	return hi >= 0 && lo >= 0 ? hi * 16 + lo : -1;
}

static bool
add_owner(void *arg, const char *name)
{
	struct slice left = slice_str(name);
	struct buf *out = arg;
	const size_t before = out->n;
	int byte = 0;

	while (left.n > 0 && byte >= 0) {
		buf_add(out, slice_sub(left, 0, slice_find(left, '%')));
		left = slice_from(left, slice_find(left, '%'));
		if (left.n > 0 && (byte = byte_of(left)) >= 0)
			buf_addc(out, (char)byte);
		left = slice_from(left, 3);
	}
	buf_addc(out, '\n');
	if (byte < 0 || out->failed)
		buf_truncate(out, before);
	return !out->failed;
}

int
shares_owners(struct slice name, struct buf *out, struct err *err)
{
	char with[NAME_MAX + 1];

	if (put_name(with, "", name, NULL) == -1)
		return 0;
	return each(with, add_owner, out, err);
}
