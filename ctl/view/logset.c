/* SPDX-License-Identifier: ISC */
#include "ctl/view/logset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ctl/view/logblocks.h"
#include "ctl/view/logcut.h"
#include "ctl/view/logfile.h"
#include "ctl/view/logpack.h"
#include "log/keys.h"
#include "sys/fd.h"

enum {
	TEXT_MAX = INT32_MAX, /* of what is no file */
	RANGES_MAX = INT32_MAX,
	HEAD_BYTES = 64 << 10, /* where a file's first time is looked for */
	SETTLE_TRIES = 5,
};

struct logset_file {
	int fd;
	struct stat st; /* when it was opened: what comes later is not read */
	const struct logpack *pack;    /* NULL: it is text */
	char time[LOG_TIME_BYTES + 1]; /* its first; "": none */
	struct logblocks blocks;
	char *name;
};

struct logset {
	struct logset_from from;
	struct logset_file *files;
	size_t nfiles;
	struct buf left_out;
	struct buf text; /* what is no file */
	bool journal;
};

/* ---- files ---- */

static bool
is_known(const struct logset *set, const struct stat *st)
{
	for (size_t i = 0; i < set->nfiles; i++)
		if (set->files[i].st.st_ino == st->st_ino &&
		    set->files[i].st.st_dev == st->st_dev)
			return true;
	return false;
}

/* FD's first time, if it is near its begin. */
static void
read_time(struct logset_file *f)
{
	struct buf head = { .max = HEAD_BYTES };
	struct slice rest;

	logpack_head(f->pack, f->fd, HEAD_BYTES, &head);
	rest = buf_slice(&head);
	while (rest.n > 0 && f->time[0] == '\0') {
		const struct slice time =
		    log_time_of(slice_cut(rest, '\n', &rest));

		if (time.n > 0)
			(void)slice_copy(time, f->time, sizeof f->time);
	}
	buf_fini(&head);
}

static int
open_index(const struct logset *set, const struct logset_file *f)
{
	char *path;
	int fd;

	if (f->pack != NULL || set->from.file != NULL)
		return -1;
	path = xasprintf(
	    "%s/index/%ju", set->from.in->log, (uintmax_t)f->st.st_ino);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	free(path);
	return fd;
}

/* FD (taken) is one of the files; of one that is there already, nothing. */
static void
add_file(struct logset *set, int fd, const char *name)
{
	struct logset_file f = { .fd = fd, .pack = logpack_of(name) };

	if (fstat(fd, &f.st) == -1 || !S_ISREG(f.st.st_mode) ||
	    is_known(set, &f.st)) {
		fd_close(&fd);
		return;
	}
	f.name = xstrdup(name);
	read_time(&f);
	logblocks_init(
	    &f.blocks, open_index(set, &f), fd, (uint64_t)f.st.st_size);
	set->files =
	    xreallocarray(set->files, set->nfiles + 1, sizeof *set->files);
	set->files[set->nfiles++] = f;
}

static bool
is_log(const char *name)
{
	return slice_starts(slice_str(name), SLICE("pabal.log"));
}

/* Is the file that NAME was made from still there?  Then it is being made. */
static bool
is_double(int dirfd, const char *name)
{
	char *whole = xslicedup(logpack_name(logpack_of(name), name));
	const bool is = faccessat(dirfd, whole, F_OK, 0) == 0;

	free(whole);
	return is;
}

static void
leave_out(struct logset *set, const char *name)
{
	if (set->left_out.n > 0)
		buf_addc(&set->left_out, ' ');
	buf_adds(&set->left_out, name);
}

/* The files as they are called now; how many are new, -1: the directory cannot
 * be read. */
static int
look(struct logset *set, struct err *err)
{
	const char *path = set->from.in->log;
	const size_t before = set->nfiles;
	DIR *d = opendir(path);
	const struct dirent *e;

	if (d == NULL)
		return err_sys(err, ERR_PERM, "read %s", path);
	buf_reset(&set->left_out);
	while ((e = readdir(d)) != NULL) {
		int fd;

		if (!is_log(e->d_name) || (logpack_of(e->d_name) != NULL &&
					      is_double(dirfd(d), e->d_name)))
			continue;
		if (logpack_of(e->d_name) != NULL && !set->from.packed) {
			leave_out(set, e->d_name);
			continue;
		}
		fd = openat(dirfd(d), e->d_name,
		    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd != -1) {
			add_file(set, fd, e->d_name);
		} else if (errno != ENOENT) {
			closedir(d);
			return err_sys(
			    err, ERR_PERM, "read %s/%s", path, e->d_name);
		}
	}
	closedir(d);
	return set->nfiles > before;
}

static int
by_time(const void *pa, const void *pb)
{
	const struct logset_file *a = pa, *b = pb;
	const int order = strcmp(a->time, b->time);

	return order != 0 ? order : strcmp(b->name, a->name);
}

/* They may be renamed meanwhile: it is looked until there is none that was not
 * there before. */
static int
open_files(struct logset *set, struct err *err)
{
	int new = 1;

	for (int i = 0; i<SETTLE_TRIES &&new> 0; i++)
		new = look(set, err);
	if (new == -1)
		return -1;
	if (set->nfiles == 0 && set->left_out.n == 0)
		return err_set(err, ERR_PERM, "there is no pabal.log in %s",
		    set->from.in->log);
	if (set->nfiles > 1)
		qsort(set->files, set->nfiles, sizeof *set->files, by_time);
	return 0;
}

static int
open_named(struct logset *set, struct err *err)
{
	const char *file = set->from.file;
	const bool in = strcmp(file, "-") == 0;
	struct stat st;
	int fd = in ? fcntl(0, F_DUPFD_CLOEXEC, 3)
		    : open(file, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd == -1 || fstat(fd, &st) == -1)
		return err_sys(err, ERR_PERM, "read %s", file);
	if (!in && S_ISREG(st.st_mode)) {
		add_file(set, fd, file);
		return 0;
	}
	rc = logfile_read_all(fd, &set->text, err);
	fd_close(&fd);
	return rc;
}

struct logset *
logset_open(const struct logset_from *from, struct err *err)
{
	struct logset *set = xcalloc(1, sizeof *set);
	int rc;

	set->from = *from;
	buf_init(&set->text, TEXT_MAX);
	buf_init(&set->left_out, 1 << 16);
	if (from->file != NULL) {
		rc = open_named(set, err);
	} else {
		logfile_sync(from->in);
		set->journal = logfile_is_journal(from->in);
		rc = set->journal
			 ? logfile_journal(from->since, -1, &set->text, err)
			 : open_files(set, err);
	}
	if (rc == -1)
		logset_free(&set);
	return set;
}

void
logset_free(struct logset **setp)
{
	struct logset *set = *setp;

	*setp = NULL;
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->nfiles; i++) {
		fd_close(&set->files[i].fd);
		logblocks_fini(&set->files[i].blocks);
		free(set->files[i].name);
	}
	free(set->files);
	buf_fini(&set->text);
	buf_fini(&set->left_out);
	free(set);
}

bool
logset_is_closed(const struct logset *set)
{
	return set->journal && set->text.n == 0 && geteuid() != 0;
}

const char *
logset_left_out(struct logset *set)
{
	return set->left_out.n > 0 ? buf_cstr(&set->left_out) : "";
}

/* ---- lines ---- */

static int
scan_file(const struct logset_file *f, const struct logquery *q,
    struct logcut *cut, struct err *err)
{
	struct buf ranges = { .max = RANGES_MAX };
	const struct logrange *r;
	int rc = 0;

	if (f->pack != NULL)
		return logpack_each(f->pack, f->name, f->fd, cut, err);
	logblocks_find(&f->blocks, q, &ranges);
	r = (const struct logrange *)(void *)ranges.p;
	for (size_t i = 0; rc == 0 && i < ranges.n / sizeof *r; i++)
		rc = logcut_file(cut, f->fd, r[i].from, r[i].to);
	if (rc == -1)
		err_sys(err, ERR_TEMP, "read %s", f->name);
	buf_fini(&ranges);
	return rc;
}

int
logset_scan(const struct logset *set, const uint64_t *keys, size_t n,
    struct logcut_reader *reader, struct err *err)
{
	const struct logquery q = { .keys = keys,
		.nkeys = n,
		.since = set->from.since[0] != '\0' && !set->journal
			     ? set->from.since
			     : NULL };
	struct logcut *cut = logcut_new(&q, set->journal, reader);
	int rc = 0;

	logcut_begin(cut, 0);
	logcut_text(cut, buf_slice(&set->text));
	for (size_t i = 0; rc == 0 && i < set->nfiles; i++) {
		logcut_begin(cut, (unsigned)i);
		rc = scan_file(&set->files[i], &q, cut, err);
	}
	logcut_free(&cut);
	return rc;
}
