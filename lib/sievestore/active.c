/* SPDX-License-Identifier: ISC */
/*
 * On disk:
 *
 *	A1	.dovecot.sieve -> sieve/FILE: FILE is active
 *	A2	no .dovecot.sieve: none is
 *	A3	.dovecot.sieve is a file: it is
 *	A4	A3, and the same file is in sieve/ as well: a crash while it was
 *		made a script of; it is taken for that by the next try
 *
 * A link is replaced by rename, so a crash leaves the old or the new one, and
 * perhaps a link ..dovecot.sieve.HEX, which the next change removes.
 */
#include "sievestore/active.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sieve/emit.h"
#include "sievestore/name.h"
#include "sys/beneath.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

#define ORIGINAL "dovecot.orig"

enum { ORIGINALS = 100 };

/* ---- what is active ---- */

/* The script that the link's TARGET names; what cannot be one is told. */
static enum found
name_of(const struct sievestore *s, const char *target, struct buf *name,
    struct err *err)
{
	const struct slice all = slice_str(target);
	const size_t slash = slice_rfind(all, '/');
	const struct slice dir = slice_sub(all, 0, slash);

	if (slash < all.n && s->dir != -1 &&
	    (slice_is(dir, SIEVESTORE_DIR) ||
		slice_ends(dir, SLICE("/" SIEVESTORE_DIR))) &&
	    sievestore_name_of(s->dir, target + slash + 1, name))
		return FOUND;
	(void)err_set(err, ERR_PERM,
	    SIEVESTORE_ACTIVE " leads to %s, which is none of the account's "
			      "scripts",
	    target);
	return ABSENT;
}

/* Its name; *OWN: .dovecot.sieve is no link but a file. */
static enum found
resolve(
    const struct sievestore *s, struct buf *name, bool *own, struct err *err)
{
	char target[PATH_MAX];
	const ssize_t n = readlinkat(
	    s->account, SIEVESTORE_ACTIVE, target, sizeof target - 1);

	if (err != NULL)
		*err = (struct err){ 0 };
	buf_reset(name);
	*own = n == -1 && errno == EINVAL;
	if (n != -1) {
		target[n] = '\0';
		return name_of(s, target, name, err);
	}
	if (errno == ENOENT)
		return ABSENT;
	if (*own) {
		buf_adds(name, SIEVESTORE_ACTIVE);
		return FOUND;
	}
	(void)err_sys(err, ERR_TEMP, "read " SIEVESTORE_ACTIVE);
	return TEMPFAIL;
}

enum found
sievestore_active_name(
    const struct sievestore *s, struct buf *name, struct err *err)
{
	bool own;

	return resolve(s, name, &own, err);
}

static int
open_file(
    const struct sievestore *s, struct slice name, bool own, struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];

	if (own)
		return beneath_open(s->account, SIEVESTORE_ACTIVE,
		    O_RDONLY | O_NONBLOCK, 0, err);
	sievestore_name_file(name, file);
	return beneath_open(s->dir, file, O_RDONLY | O_NONBLOCK, 0, err);
}

/* A regular file of at most MAX bytes: its size and hash. */
static enum found
look(struct sievestore_active *a, size_t max, struct err *err)
{
	struct stat st;
	struct buf text;
	int rc;

	if (fstat(a->fd, &st) == -1) {
		(void)err_sys(err, ERR_TEMP, "stat %s", a->name);
		return TEMPFAIL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)max) {
		(void)err_set(err, ERR_PERM, "the script %s is %s", a->name,
		    S_ISREG(st.st_mode) ? "too large" : "no file");
		return ABSENT;
	}
	buf_init(&text, max);
	rc = fd_read_file(a->fd, &text, err);
	a->size = (int64_t)text.n;
	a->hash = sieve_emit_hash(buf_slice(&text));
	buf_fini(&text);
	if (rc == -1)
		return TEMPFAIL;
	return FOUND;
}

enum found
sievestore_active_open(const struct sievestore *s, size_t max,
    struct sievestore_active *a, struct err *err)
{
	struct buf name;
	enum found f;
	bool own;

	*a = (struct sievestore_active){ .fd = -1 };
	buf_init(&name, SIEVESTORE_NAME_MAX);
	f = resolve(s, &name, &own, err);
	if (f == FOUND) {
		a->name = xslicedup(buf_slice(&name));
		a->fd = open_file(s, buf_slice(&name), own, err);
		if (a->fd != -1)
			f = look(a, max, err);
		else if (errno == ENOENT || errno == ELOOP) {
			(void)err_set(err, ERR_PERM,
			    "the active script %s is not there", a->name);
			f = ABSENT;
		} else
			f = TEMPFAIL;
	}
	buf_fini(&name);
	if (f != FOUND)
		sievestore_active_fini(a);
	return f;
}

void
sievestore_active_fini(struct sievestore_active *a)
{
	if (a->name == NULL)
		return;
	xfree(&a->name);
	fd_close(&a->fd);
}

/* ---- to change it ---- */

static bool
is_file(int dirfd, const char *name, struct stat *st)
{
	return fstatat(dirfd, name, st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st->st_mode);
}

static int
point_to(struct sievestore *s, const char *file, struct err *err)
{
	char target[sizeof SIEVESTORE_DIR + SIEVESTORE_FILE_BYTES];

	snprintf(target, sizeof target, SIEVESTORE_DIR "/%s", file);
	durable_sweep(s->account, SIEVESTORE_ACTIVE);
	return durable_symlink(s->account, SIEVESTORE_ACTIVE, target, err);
}

/* Give ACTIVE, a file, a name in sieve/ (to FILE). */
static int
link_original(struct sievestore *s, const struct stat *active,
    char file[static SIEVESTORE_FILE_BYTES], struct err *err)
{
	for (int i = 1; i <= ORIGINALS; i++) {
		struct stat st;

		snprintf(file, SIEVESTORE_FILE_BYTES,
		    i == 1 ? ORIGINAL ".sieve" : ORIGINAL ".%d.sieve", i);
		if (linkat(s->account, SIEVESTORE_ACTIVE, s->dir, file, 0) ==
			0 ||
		    (is_file(s->dir, file, &st) &&
			st.st_ino == active->st_ino &&
			st.st_dev == active->st_dev))
			return fd_sync(s->dir, err);
		if (errno != EEXIST)
			break;
	}
	return err_sys(err, ERR_TEMP, "make a script of " SIEVESTORE_ACTIVE);
}

static int
take(struct sievestore *s, struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];
	struct stat st;

	if (!is_file(s->account, SIEVESTORE_ACTIVE, &st))
		return 0;
	if (link_original(s, &st, file, err) == -1)
		return -1;
	return point_to(s, file, err);
}

int
sievestore_active_set_locked(
    struct sievestore *s, struct slice name, struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];
	struct stat st;

	if (name.n == 0)
		return take(s, err) == 0
			   ? durable_unlink(s->account, SIEVESTORE_ACTIVE, err)
			   : -1;
	if (sievestore_name_valid(name)) {
		sievestore_name_file(name, file);
		if (is_file(s->dir, file, &st))
			return take(s, err) == 0 ? point_to(s, file, err) : -1;
	}
	return err_set_code(
	    err, ERR_PERM, ERR_NOT_FOUND, "there is no script of that name");
}

int
sievestore_active_set(struct sievestore *s, struct slice name, struct err *err)
{
	int rc;

	if (sievestore_lock(s, err) == -1)
		return -1;
	rc = sievestore_active_set_locked(s, name, err);
	sievestore_unlock(s);
	return rc;
}

int
sievestore_active_take(struct sievestore *s, struct err *err)
{
	struct stat st;
	int rc;

	if (!is_file(s->account, SIEVESTORE_ACTIVE, &st))
		return 0;
	if (sievestore_lock(s, err) == -1)
		return -1;
	rc = take(s, err);
	sievestore_unlock(s);
	return rc;
}
