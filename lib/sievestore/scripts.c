/* SPDX-License-Identifier: ISC */
/*
 * States on disk of a script FILE, beside those of the active one (active.c):
 *
 *	S1	FILE: the script, whole
 *	S2	.FILE.HEX: a crash while it was written; removed by the next put
 *	S3	OLD and NEW, one file: a crash in a rename; either may be active
 *	S4	FILE.name without FILE: a crash beside one of the others
 *	S5	.pabal-code.HEX without FILE: removed when one is, or has
 *		another name
 */
#include "sievestore/scripts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sievestore/active.h"
#include "sievestore/name.h"
#include "sys/beneath.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

static int
no_script(struct err *err)
{
	return err_set_code(
	    err, ERR_PERM, ERR_NOT_FOUND, "there is no script of that name");
}

static int
check_name(struct slice name, struct err *err)
{
	if (sievestore_name_valid(name))
		return 0;
	return err_set_code(err, ERR_PERM, ERR_SYNTAX,
	    "invalid script name: 1 to %d bytes of UTF-8 without control "
	    "characters",
	    (int)SIEVESTORE_NAME_MAX);
}

/* Is FILE a script?  Its size. */
static bool
stat_file(int dir, const char *file, int64_t *bytes)
{
	struct stat st;

	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		return false;
	*bytes = st.st_size;
	return true;
}

/* ---- the list ---- */

static void
add(struct sievestore_list *list, struct slice name, int64_t bytes, bool active)
{
	if ((list->n & (list->n - 1)) == 0)
		list->v = xreallocarray(
		    list->v, list->n == 0 ? 1 : list->n * 2, sizeof *list->v);
	list->v[list->n++] = (struct sievestore_entry){
		.name = xslicedup(name), .bytes = bytes, .active = active
	};
}

static int
by_name(const void *a, const void *b)
{
	const struct sievestore_entry *x = a, *y = b;

	return slice_cmp(slice_str(x->name), slice_str(y->name));
}

/* All of D, of which ACTIVE is the active one. */
static void
gather(DIR *d, struct slice active, struct sievestore_list *list)
{
	const struct dirent *e;
	struct buf name;
	int64_t bytes;

	buf_init(&name, SIEVESTORE_NAME_MAX);
	while (list->n < SIEVESTORE_SCRIPTS_MAX && (e = readdir(d)) != NULL)
		if (sievestore_name_of(dirfd(d), e->d_name, &name) &&
		    stat_file(dirfd(d), e->d_name, &bytes))
			add(list, buf_slice(&name), bytes,
			    slice_eq(buf_slice(&name), active));
	buf_fini(&name);
	if (list->n > 0)
		qsort(list->v, list->n, sizeof *list->v, by_name);
}

int
sievestore_list(
    const struct sievestore *s, struct sievestore_list *list, struct err *err)
{
	struct buf active;
	DIR *d = NULL;
	int fd, rc = -1;

	*list = (struct sievestore_list){ 0 };
	if (s->dir == -1)
		return 0;
	buf_init(&active, SIEVESTORE_NAME_MAX);
	if (sievestore_active_name(s, &active, err) == TEMPFAIL)
		goto out;
	fd = beneath_open(s->dir, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd == -1)
		goto out;
	d = fdopendir(fd);
	if (d == NULL) {
		fd_close(&fd);
		err_sys(err, ERR_TEMP, "read " SIEVESTORE_DIR);
		goto out;
	}
	gather(d, buf_slice(&active), list);
	closedir(d);
	rc = 0;
out:
	buf_fini(&active);
	return rc;
}

void
sievestore_list_fini(struct sievestore_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].name);
	xfree(&list->v);
	list->n = 0;
}

/* ---- one ---- */

bool
sievestore_has(const struct sievestore *s, struct slice name)
{
	char file[SIEVESTORE_FILE_BYTES];
	int64_t bytes;

	if (s->dir == -1 || !sievestore_name_valid(name))
		return false;
	sievestore_name_file(name, file);
	return stat_file(s->dir, file, &bytes);
}

enum found
sievestore_read(const struct sievestore *s, struct slice name, struct buf *text,
    struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];
	int fd, rc;

	if (!sievestore_has(s, name)) {
		(void)no_script(err);
		return ABSENT;
	}
	sievestore_name_file(name, file);
	fd = beneath_open(s->dir, file, O_RDONLY | O_NONBLOCK, 0, err);
	if (fd == -1)
		return TEMPFAIL;
	buf_reset(text);
	rc = fd_read_file(fd, text, err);
	fd_close(&fd);
	return rc == 0 ? FOUND : TEMPFAIL;
}

static int
judge(const struct sievestore_list *list, struct slice name, int64_t bytes,
    const struct sievestore_limits *limits, struct err *err)
{
	int64_t total = bytes;
	uint32_t n = 1;

	for (size_t i = 0; i < list->n; i++)
		if (!slice_is(name, list->v[i].name)) {
			total += list->v[i].bytes;
			n++;
		}
	if (n > limits->scripts)
		return err_set_code(err, ERR_PERM, ERR_LIMIT,
		    "there may be at most %u scripts", limits->scripts);
	if (total > limits->total_bytes)
		return err_set_code(err, ERR_PERM, ERR_OVER_QUOTA,
		    "all scripts together may have at most %lld bytes",
		    (long long)limits->total_bytes);
	return 0;
}

int
sievestore_room(const struct sievestore *s, struct slice name, int64_t bytes,
    const struct sievestore_limits *limits, struct err *err)
{
	struct sievestore_list list;
	int rc;

	if (check_name(name, err) == -1)
		return -1;
	if (bytes > limits->script_bytes)
		return err_set_code(err, ERR_PERM, ERR_TOO_BIG,
		    "a script may have at most %lld bytes",
		    (long long)limits->script_bytes);
	if (sievestore_list(s, &list, err) == -1)
		return -1;
	rc = judge(&list, name, bytes, limits, err);
	sievestore_list_fini(&list);
	return rc;
}

static int
put(struct sievestore *s, struct slice name, struct slice text,
    const struct sievestore_limits *limits, struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];

	if (sievestore_room(s, name, (int64_t)text.n, limits, err) == -1)
		return -1;
	sievestore_name_file(name, file);
	durable_sweep(s->dir, file);
	if (sievestore_name_keep(s->dir, name, err) == -1)
		return -1;
	return durable_replace(s->dir, file, text, 0600, err);
}

int
sievestore_put(struct sievestore *s, struct slice name, struct slice text,
    const struct sievestore_limits *limits, struct err *err)
{
	int rc;

	if (check_name(name, err) == -1 || sievestore_lock(s, err) == -1)
		return -1;
	rc = put(s, name, text, limits, err);
	sievestore_unlock(s);
	return rc;
}

/* The file of NAME, which is there. */
static int
find(const struct sievestore *s, struct slice name,
    char file[static SIEVESTORE_FILE_BYTES], struct err *err)
{
	if (!sievestore_has(s, name))
		return no_script(err);
	sievestore_name_file(name, file);
	return 0;
}

/* Is FILE code of a script that LIST has not? */
static bool
is_left(const struct sievestore_list *list, const char *file)
{
	char code[SIEVESTORE_CODE_BYTES];

	if (!slice_starts(slice_str(file), SLICE(SIEVESTORE_CODE ".")))
		return false;
	for (size_t i = 0; i < list->n; i++) {
		sievestore_name_code(slice_str(list->v[i].name), code);
		if (slice_starts(slice_str(file), slice_str(code)))
			return false;
	}
	return true;
}

/* Code of scripts that are not there any more, whoever removed them; as well as
 * may be. */
static void
sweep_code(const struct sievestore *s)
{
	struct sievestore_list list;
	const struct dirent *e;
	DIR *d = NULL;
	int fd = beneath_open(s->dir, ".", O_RDONLY | O_DIRECTORY, 0, NULL);

	if (fd != -1 && (d = fdopendir(fd)) == NULL)
		fd_close(&fd);
	if (d == NULL)
		return;
	if (sievestore_list(s, &list, NULL) == 0)
		while ((e = readdir(d)) != NULL)
			if (is_left(&list, e->d_name))
				(void)unlinkat(s->dir, e->d_name, 0);
	sievestore_list_fini(&list);
	closedir(d);
}

/* FOUND: NAME is the active one. */
static enum found
is_active(const struct sievestore *s, struct slice name, struct err *err)
{
	struct buf active;
	enum found f;

	buf_init(&active, SIEVESTORE_NAME_MAX);
	f = sievestore_active_name(s, &active, err);
	if (f == FOUND && !slice_eq(name, buf_slice(&active)))
		f = ABSENT;
	buf_fini(&active);
	return f;
}

static int
del(struct sievestore *s, struct slice name, struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];

	if (find(s, name, file, err) == -1)
		return -1;
	switch (is_active(s, name, err)) {
	case FOUND:
		return err_set_code(err, ERR_PERM, ERR_IN_USE,
		    "the active script cannot be deleted");
	case TEMPFAIL:
		return -1;
	case ABSENT:
		break;
	}
	if (durable_unlink(s->dir, file, err) == -1)
		return -1;
	sievestore_name_drop(s->dir, name);
	sweep_code(s);
	return 0;
}

int
sievestore_del(struct sievestore *s, struct slice name, struct err *err)
{
	int rc;

	if (s->dir == -1)
		return no_script(err);
	if (sievestore_lock(s, err) == -1)
		return -1;
	rc = del(s, name, err);
	sievestore_unlock(s);
	return rc;
}

/* NEW does not exist, or is OLD's file already: what an earlier try left. */
static int
give_name(struct sievestore *s, const char *old, struct slice name,
    const char *new, struct err *err)
{
	struct stat a, b;

	if (fstatat(s->dir, new, &b, AT_SYMLINK_NOFOLLOW) == 0) {
		if (strcmp(old, new) != 0 &&
		    fstatat(s->dir, old, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
		    a.st_ino == b.st_ino && a.st_dev == b.st_dev)
			return 0;
		return err_set_code(err, ERR_PERM, ERR_EXISTS,
		    "there is a script of that name already");
	}
	if (sievestore_name_keep(s->dir, name, err) == -1)
		return -1;
	return durable_link(s->dir, old, new, err);
}

/* Both names are there before the active one is the new, and the old one goes
 * last: whenever it ends, the active script is there. */
static int
rename_locked(
    struct sievestore *s, struct slice old, struct slice new, struct err *err)
{
	char from[SIEVESTORE_FILE_BYTES], to[SIEVESTORE_FILE_BYTES];
	enum found active;

	if (find(s, old, from, err) == -1 || check_name(new, err) == -1)
		return -1;
	sievestore_name_file(new, to);
	active = is_active(s, old, err);
	if (active == TEMPFAIL || give_name(s, from, new, to, err) == -1 ||
	    (active == FOUND &&
		sievestore_active_set_locked(s, new, err) == -1) ||
	    durable_unlink(s->dir, from, err) == -1)
		return -1;
	sievestore_name_drop(s->dir, old);
	sweep_code(s);
	return 0;
}

int
sievestore_rename(
    struct sievestore *s, struct slice old, struct slice new, struct err *err)
{
	int rc;

	if (s->dir == -1)
		return no_script(err);
	if (sievestore_lock(s, err) == -1)
		return -1;
	rc = rename_locked(s, old, new, err);
	sievestore_unlock(s);
	return rc;
}
