/* SPDX-License-Identifier: ISC */
#include "shares/shares.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/map.h"
#include "sys/fd.h"

enum {
	NAMES_BYTES_MAX = 8 << 20,
	SECOND_US = 1000000,
	US_NS = 1000,
};

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OWNER     "owner="

static const char *const kinds[] = {
	[SHARES_USER] = "",
	[SHARES_ANYONE] = "anyone=",
	[SHARES_GROUP] = "group=",
};
static const char letters[] = {
	[SHARES_USER] = 'u', [SHARES_ANYONE] = 'a', [SHARES_GROUP] = 'g'
};

void
shares_put(struct buf *out, const struct shares_name *name)
{
	buf_addc(out, letters[name->kind]);
	buf_add(out, name->name);
	buf_addc(out, '\n');
}

bool
shares_read(struct slice line, struct shares_name *name)
{
	const char *at = NULL;

	if (line.n > 1)
		at = memchr(letters, line.p[0], sizeof letters);
	if (at == NULL)
		return false;
	name->kind = (enum shares_kind)(at - letters);
	name->name = slice_from(line, 1);
	return true;
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

		if (is_plain(c) && (i > 0 || c != '.'))
			buf_addc(&b, c);
		else
			buf_addf(&b, "%%%02x", (unsigned char)c);
	}
	fits = name.n > 0 && !b.failed &&
	       slice_copy(buf_slice(&b), out, NAME_MAX + 1);
	buf_fini(&b);
	return fits ? 0
		    : err_set_code(
			  err, ERR_PERM, ERR_LIMIT, "the name is too long");
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
open_dir(
    const char *state, const char *name, bool make, int *fd, struct err *err)
{
	char all[PATH_MAX], path[PATH_MAX];

	snprintf(all, sizeof all, "%s/shares", state);
	snprintf(path, sizeof path, "%s/shares/%s", state, name);
	if (make &&
	    (make_dir(state, all, err) == -1 || make_dir(all, path, err) == -1))
		return TEMPFAIL;
	*fd = open(path, DIR_FLAGS);
	if (*fd != -1)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "open %s", path);
	return TEMPFAIL;
}

/* The names in shares/DIR, a line for each. */
static int
read_names(
    const char *state, const char *dir, struct buf *names, struct err *err)
{
	const struct dirent *e;
	int fd;
	DIR *d;

	switch (open_dir(state, dir, false, &fd, err)) {
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
		if (e->d_name[0] != '.') {
			buf_adds(names, e->d_name);
			buf_addc(names, '\n');
		}
	closedir(d);
	return names->failed ? err_set(err, ERR_TEMP, "%s: too many names", dir)
			     : 0;
}

/* By the exact clock: the kernel's own times of files lag behind, and what was
 * noted is compared with when somebody began to read (shares_keep). */
static int
note_time(int dir, const char *name)
{
	struct timespec t[2];

	if (clock_gettime(CLOCK_REALTIME, &t[0]) == -1)
		return -1;
	t[1] = t[0];
	return utimensat(dir, name, t, AT_SYMLINK_NOFOLLOW);
}

static int
touch(const char *state, const char *dir, const char *name, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	int fd, file, rc;

	if (open_dir(state, dir, true, &fd, err) != FOUND)
		return -1;
	file = openat(fd, name, flags, 0600);
	rc = file == -1 || note_time(fd, name) == -1
		 ? err_sys(err, ERR_TEMP, "create %s", name)
		 : fd_sync(fd, err);
	fd_close(&file);
	fd_close(&fd);
	return rc;
}

static int
count(const char *state, const char *dir, size_t *n, struct err *err)
{
	struct buf names;
	int rc;

	buf_init(&names, NAMES_BYTES_MAX);
	rc = read_names(state, dir, &names, err);
	*n = 0;
	for (size_t i = 0; i < names.n; i++)
		*n += names.p[i] == '\n';
	buf_fini(&names);
	return rc;
}

/* Is there shares/DIR/NAME? */
static enum found
is_there(const char *state, const char *dir, const char *name, struct err *err)
{
	enum found f;
	int fd, rc;

	f = open_dir(state, dir, false, &fd, err);
	if (f != FOUND)
		return f;
	rc = faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW);
	fd_close(&fd);
	if (rc == 0)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "look for %s", name);
	return TEMPFAIL;
}

/* It is noted once more: its time says when. */
static enum found
renew(const char *state, const char *dir, const char *name, struct err *err)
{
	enum found f;
	int fd, rc;

	f = open_dir(state, dir, false, &fd, err);
	if (f != FOUND)
		return f;
	rc = note_time(fd, name);
	fd_close(&fd);
	if (rc == 0)
		return FOUND;
	if (errno == ENOENT)
		return ABSENT;
	err_sys(err, ERR_TEMP, "note %s again", name);
	return TEMPFAIL;
}

int
shares_add(const char *state, struct slice owner,
    const struct shares_name *name, struct err *err)
{
	char with[NAME_MAX + 1], of[NAME_MAX + 1], from[NAME_MAX + 1];
	enum found f;
	size_t n;

	if (put_name(with, kinds[name->kind], name->name, err) == -1 ||
	    put_name(of, "", owner, err) == -1 ||
	    put_name(from, OWNER, owner, err) == -1)
		return -1;
	f = is_there(state, with, of, err);
	if (f == FOUND)
		f = renew(state, from, with, err);
	if (f != ABSENT)
		return f == FOUND ? 0 : -1;
	if (count(state, from, &n, err) == -1)
		return -1;
	if (n >= SHARES_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_LIMIT, "shared with too many");
	return touch(state, from, with, err) == -1
		   ? -1
		   : touch(state, with, of, err);
}

enum found
shares_has(const char *state, struct slice owner,
    const struct shares_name *name, struct err *err)
{
	char with[NAME_MAX + 1], of[NAME_MAX + 1];

	if (put_name(with, kinds[name->kind], name->name, NULL) == -1 ||
	    put_name(of, "", owner, NULL) == -1)
		return ABSENT;
	return is_there(state, with, of, err);
}

/* The byte that "%XX" at the front of S stands for; -1: it is none. */
static int
byte_of(struct slice s)
{
	const int hi = s.n >= 3 ? hex_digit(s.p[1]) : -1;
	const int lo = s.n >= 3 ? hex_digit(s.p[2]) : -1;

	return hi >= 0 && lo >= 0 ? hi * 16 + lo : -1;
}

/* What the file NAME stands for, and a line end; what is none of ours is left
 * out. */
static void
add_owner(struct buf *out, struct slice name)
{
	const size_t before = out->n;
	int byte = 0;

	while (name.n > 0 && byte >= 0) {
		buf_add(out, slice_sub(name, 0, slice_find(name, '%')));
		name = slice_from(name, slice_find(name, '%'));
		if (name.n > 0 && (byte = byte_of(name)) >= 0)
			buf_addc(out, (char)byte);
		name = slice_from(name, 3);
	}
	buf_addc(out, '\n');
	if (byte < 0)
		buf_truncate(out, before);
}

int
shares_owners(const char *state, const struct shares_name *name,
    struct buf *out, struct err *err)
{
	char with[NAME_MAX + 1];
	struct slice rest;
	struct buf names;
	int rc;

	if (put_name(with, kinds[name->kind], name->name, NULL) == -1)
		return 0;
	buf_init(&names, NAMES_BYTES_MAX);
	rc = read_names(state, with, &names, err);
	rest = buf_slice(&names);
	while (rest.n > 0)
		add_owner(out, slice_cut(rest, '\n', &rest));
	buf_fini(&names);
	if (rc == 0 && out->failed)
		rc = err_set(err, ERR_TEMP, "%s: too many owners", with);
	return rc;
}

/* ---- what goes; it need not be on disk ---- */

/* NAME from shares/DIR, which goes when it is empty. */
static void
drop(const char *state, const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/shares/%s/%s", state, dir, name);
	(void)unlink(path);
	snprintf(path, sizeof path, "%s/shares/%s", state, dir);
	(void)rmdir(path);
}

/* May shares/DIR/NAME have been noted since then?  Of a file system without
 * parts of a second the second counts. */
static bool
is_since(const char *state, const char *dir, const char *name, int64_t since_us)
{
	char path[PATH_MAX];
	struct stat sb;

	snprintf(path, sizeof path, "%s/shares/%s/%s", state, dir, name);
	if (lstat(path, &sb) == -1)
		return false;
	if (sb.st_mtim.tv_nsec == 0)
		return sb.st_mtim.tv_sec >= since_us / SECOND_US;
	return (int64_t)sb.st_mtim.tv_sec * SECOND_US +
		   sb.st_mtim.tv_nsec / US_NS >=
	       since_us;
}

/* The files of NAMES. */
static void
put_files(struct map *files, const struct shares_name *names, size_t n)
{
	char with[NAME_MAX + 1];

	for (size_t i = 0; i < n; i++)
		if (put_name(with, kinds[names[i].kind], names[i].name, NULL) ==
		    0)
			map_put(files, slice_str(with), files);
}

int
shares_keep(const char *state, struct slice owner,
    const struct shares_name *names, size_t n, int64_t before_us,
    struct err *err)
{
	char of[NAME_MAX + 1], from[NAME_MAX + 1], name[NAME_MAX + 1];
	struct slice rest;
	struct buf all;
	struct map files;
	int rc;

	if (put_name(of, "", owner, err) == -1 ||
	    put_name(from, OWNER, owner, err) == -1)
		return -1;
	map_init(&files);
	put_files(&files, names, n);
	buf_init(&all, NAMES_BYTES_MAX);
	rc = read_names(state, from, &all, err);
	rest = buf_slice(&all);
	while (rest.n > 0 && rc == 0) {
		if (!slice_copy(
			slice_cut(rest, '\n', &rest), name, sizeof name) ||
		    map_find(&files, slice_str(name)) != NULL ||
		    is_since(state, from, name, before_us))
			continue;
		drop(state, name, of);
		drop(state, from, name);
	}
	buf_fini(&all);
	map_fini(&files);
	return rc;
}

/* Of the directory DIR of the user OF: the other way round and this one.
 * BEFORE: what stands before the names of the other way's directories. */
static int
drop_all(const char *state, const char *dir, const char *before, const char *of,
    struct err *err)
{
	char name[NAME_MAX + 1], other[NAME_MAX + 2 * sizeof OWNER];
	struct slice rest;
	struct buf names;
	int rc;

	buf_init(&names, NAMES_BYTES_MAX);
	rc = read_names(state, dir, &names, err);
	rest = buf_slice(&names);
	while (rest.n > 0 && rc == 0) {
		if (!slice_copy(
			slice_cut(rest, '\n', &rest), name, sizeof name))
			continue;
		snprintf(other, sizeof other, "%s%s", before, name);
		drop(state, other, of);
		drop(state, dir, name);
	}
	buf_fini(&names);
	return rc;
}

int
shares_forget(const char *state, struct slice address, struct err *err)
{
	char of[NAME_MAX + 1], from[NAME_MAX + 1];

	if (put_name(of, "", address, err) == -1 ||
	    put_name(from, OWNER, address, err) == -1 ||
	    drop_all(state, from, "", of, err) == -1)
		return -1;
	return drop_all(state, of, OWNER, of, err);
}
