/* SPDX-License-Identifier: ISC */
#include "maildir/keptdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "maildir/textfile.h"
#include "maildir/tree.h"
#include "sys/fd.h"

enum { ABOUT_MAX = 4096 };

void
keptdir_day(char day[KEPT_DAY_SIZE], int64_t time_s)
{
	const time_t t = time_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(day, KEPT_DAY_SIZE, "%Y-%m-%d", &tm) == 0)
		memcpy(day, "1970-01-01", KEPT_DAY_SIZE);
}

int64_t
keptdir_parse_day(const char *day)
{
	struct cur c = cur_of(slice_str(day));
	char same[KEPT_DAY_SIZE];
	struct tm tm = { 0 };
	int64_t t;

	tm.tm_year = (int)cur_u64(&c, 9999) - 1900;
	cur_lit(&c, "-");
	tm.tm_mon = (int)cur_u64(&c, 12) - 1;
	cur_lit(&c, "-");
	tm.tm_mday = (int)cur_u64(&c, 31);
	if (!cur_end(&c))
		return -1;
	t = timegm(&tm);
	keptdir_day(same, t);
	return t >= 0 && strcmp(same, day) == 0 ? t : -1;
}

/* ---- directories ---- */

/* No directory of that name; the owner of an account may put what he likes. */
static bool
is_none(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

/* NAME in DIRFD, which is closed, made where it is not there. */
static int
descend(int dirfd, const char *name, bool *made, struct err *err)
{
	int fd = openat(dirfd, name, TREE_DIR_FLAGS);

	if (fd == -1 && errno == ENOENT &&
	    (mkdirat(dirfd, name, 0700) == 0 || errno == EEXIST)) {
		*made = true;
		fd = openat(dirfd, name, TREE_DIR_FLAGS);
	}
	if (fd == -1)
		err_sys(err, ERR_TEMP, "make %s in " KEPT_DIR, name);
	fd_close(&dirfd);
	return fd;
}

static int
open_entry(int accountfd, int64_t now_s, const char *entry, struct err *err)
{
	char day[KEPT_DAY_SIZE];
	bool made = false;
	int fd = fd_dup(accountfd);

	keptdir_day(day, now_s);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open the account");
	fd = descend(fd, KEPT_DIR, &made, err);
	if (fd != -1)
		fd = descend(fd, day, &made, err);
	return fd != -1 ? descend(fd, entry, &made, err) : -1;
}

int
keptdir_open(struct maildir *d, int accountfd, int64_t now_s, const char *id,
    struct err *err)
{
	*d = MAILDIR_CLOSED;
	d->curfd = open_entry(accountfd, now_s, id, err);
	return d->curfd != -1 ? 0 : -1;
}

int
keptdir_open_deleted(
    int accountfd, int64_t now_s, const char *id, struct err *err)
{
	char entry[KEPT_ENTRY_SIZE];

	snprintf(entry, sizeof entry, "%s.%lld", id, (long long)now_s);
	return open_entry(accountfd, now_s, entry, err);
}

int
keptdir_bury(int accountfd, const char *dir, int todirfd, const char *to,
    struct err *err)
{
	return fd_rename_new(accountfd, dir, todirfd, to) == 0
		   ? 0
		   : err_sys(err, ERR_TEMP, "rename %s", dir);
}

enum found
keptdir_find(struct maildir *d, int accountfd, const char *const *path,
    size_t n, struct err *err)
{
	int fd = openat(accountfd, KEPT_DIR, TREE_DIR_FLAGS);

	*d = MAILDIR_CLOSED;
	for (size_t i = 0; i < n && fd != -1; i++) {
		int next = openat(fd, path[i], TREE_DIR_FLAGS);

		fd_close(&fd);
		fd = next;
	}
	d->curfd = fd;
	if (fd != -1)
		return FOUND;
	if (is_none(errno))
		return ABSENT;
	err_sys(err, ERR_TEMP, "open " KEPT_DIR);
	return TEMPFAIL;
}

int
keptdir_put_about(const struct maildir *d, struct slice name,
    uint32_t uidvalidity, struct err *err)
{
	struct buf text;
	int rc;

	if (faccessat(d->curfd, "about", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	buf_init(&text, ABOUT_MAX);
	buf_addf(&text, "pabal-kept 1\nname %.*s\nuidvalidity %u\n",
	    SLICE_FMT(name), uidvalidity);
	rc = textfile_put(d->curfd, "about", buf_slice(&text), err);
	buf_fini(&text);
	return rc;
}

enum found
keptdir_get_about(const struct maildir *d, struct buf *name,
    uint32_t *uidvalidity, struct err *err)
{
	struct slice rest, line;
	struct buf text;
	enum found f;

	*uidvalidity = 0;
	buf_init(&text, ABOUT_MAX);
	f = textfile_load(d->curfd, "about", &text, err);
	rest = buf_slice(&text);
	if (f == FOUND &&
	    !slice_is(slice_cut(rest, '\n', &rest), "pabal-kept 1"))
		f = ABSENT;
	while (f == FOUND && rest.n > 0) {
		struct slice value;
		struct cur c;

		line = slice_cut(rest, '\n', &rest);
		line = slice_cut(line, ' ', &value);
		c = cur_of(value);
		if (slice_is(line, "name"))
			buf_add(name, value);
		else if (slice_is(line, "uidvalidity"))
			*uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
	}
	buf_fini(&text);
	return f;
}

/* ---- names ---- */

/* Sizes are written with it where there is room: they can be counted again.
 * Letters stand in keywords. */
static bool
format_name(char *out, struct filename *f, int64_t expunged_s, int64_t saved_s)
{
	static const char flags[] = "DFPRST";
	struct buf name;
	bool ok;

	f->info = false;
	buf_init(&name, KEPT_NAME_SIZE - 1);
	filename_format(&name, f);
	buf_addf(&name, ",X=%lld.%lld:2,", (long long)expunged_s,
	    (long long)saved_s);
	for (unsigned i = 0; i < sizeof flags - 1; i++)
		if ((f->flags & 1u << i) != 0)
			buf_addc(&name, flags[i]);
	ok = !name.failed;
	if (ok)
		memcpy(out, buf_cstr(&name), name.n + 1);
	buf_fini(&name);
	return ok;
}

void
keptdir_name(char *out, const char *file, int64_t expunged_s, int64_t saved_s)
{
	struct filename f;

	filename_parse(slice_str(file), &f);
	if (format_name(out, &f, expunged_s, saved_s))
		return;
	/* A foreign name as long as one can be. */
	f.own_id = true;
	f.base = slice_sub(f.base, 0, 100);
	(void)format_name(out, &f, expunged_s, saved_s);
}

bool
keptdir_parse_name(struct slice name, struct keptname *k)
{
	struct slice fields;
	bool found = false;

	filename_parse(name, &k->f);
	if (k->f.base.n == 0 || name.n >= KEPT_NAME_SIZE)
		return false;
	fields = slice_from(k->f.stem, k->f.base.n);
	while (fields.n > 0) {
		struct slice field = slice_cut(fields, ',', &fields);
		struct cur c;

		if (!slice_starts(field, SLICE("X=")))
			continue;
		c = cur_of(slice_from(field, 2));
		k->expunged_s = (int64_t)cur_u64(&c, INT64_MAX);
		cur_lit(&c, ".");
		k->saved_s = (int64_t)cur_u64(&c, INT64_MAX);
		found = cur_end(&c);
	}
	return found;
}

/* ---- visits ---- */

struct walk_dirs {
	bool (*visit)(void *arg, const struct kept_file *f);
	void *arg;
	bool deleted; /* these only */
	bool ended;
};

static const char *
next_name(DIR *dir)
{
	const struct dirent *de;

	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.')
			return de->d_name;
	return NULL;
}

static void
visit_dir(struct walk_dirs *w, int at, const char *sub, struct kept_file f)
{
	DIR *dir = tree_opendir(at, sub);
	struct keptname k;

	if (dir == NULL)
		return;
	while (!w->ended && (f.name = next_name(dir)) != NULL)
		if (f.mailbox != NULL ||
		    keptdir_parse_name(slice_str(f.name), &k))
			w->ended = !w->visit(w->arg, &f);
	closedir(dir);
}

/* The one directory in it is that of the mailbox, whose name begins with a
 * dot. */
static void
visit_deleted(struct walk_dirs *w, DIR *dir, struct kept_file f)
{
	const struct dirent *de;
	int fd;

	while (!w->ended && (de = readdir(dir)) != NULL) {
		if (de->d_name[0] != '.' || de->d_name[1] == '\0' ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		f.mailbox = de->d_name;
		if (w->deleted) {
			w->ended = !w->visit(w->arg, &f);
			continue;
		}
		fd = openat(dirfd(dir), f.mailbox, TREE_DIR_FLAGS);
		f.part = "new";
		visit_dir(w, fd, f.part, f);
		f.part = "cur";
		visit_dir(w, fd, f.part, f);
		fd_close(&fd);
	}
}

static void
visit_entry(struct walk_dirs *w, int at, struct kept_file f)
{
	DIR *dir;

	if (strchr(f.entry, '.') == NULL) {
		if (!w->deleted)
			visit_dir(w, at, f.entry, f);
		return;
	}
	dir = tree_opendir(at, f.entry);
	if (dir == NULL)
		return;
	visit_deleted(w, dir, f);
	closedir(dir);
}

/* NAME beneath the account: NULL and 0 where there is none. */
static int
open_list(int accountfd, const char *day, DIR **dir, struct err *err)
{
	int fd = openat(accountfd, KEPT_DIR, TREE_DIR_FLAGS);

	*dir = fd != -1 ? tree_opendir(fd, day) : NULL;
	if (*dir != NULL || is_none(errno)) {
		fd_close(&fd);
		return 0;
	}
	fd_close(&fd);
	return err_sys(err, ERR_TEMP, "read " KEPT_DIR);
}

static int
visit_day(int accountfd, const char *day, struct walk_dirs *w, struct err *err)
{
	struct kept_file f = { .day = day };
	DIR *dir;

	if (open_list(accountfd, day, &dir, err) == -1)
		return -1;
	while (dir != NULL && !w->ended && (f.entry = next_name(dir)) != NULL)
		visit_entry(w, dirfd(dir), f);
	if (dir != NULL)
		closedir(dir);
	return 0;
}

int
keptdir_files(int accountfd, const char *day,
    bool (*visit)(void *arg, const struct kept_file *f), void *arg,
    struct err *err)
{
	struct walk_dirs w = { .visit = visit, .arg = arg };

	return visit_day(accountfd, day, &w, err);
}

int
keptdir_deleted(int accountfd, const char *day,
    bool (*visit)(void *arg, const struct kept_file *f), void *arg,
    struct err *err)
{
	struct walk_dirs w = { .visit = visit, .arg = arg, .deleted = true };

	return visit_day(accountfd, day, &w, err);
}

int
keptdir_days(int accountfd, bool (*visit)(void *arg, const char *day),
    void *arg, struct err *err)
{
	const char *day;
	DIR *dir;

	if (open_list(accountfd, ".", &dir, err) == -1)
		return -1;
	while (dir != NULL && (day = next_name(dir)) != NULL)
		if (keptdir_parse_day(day) != -1 && !visit(arg, day))
			break;
	if (dir != NULL)
		closedir(dir);
	return 0;
}

bool
keptdir_remove_some(int accountfd, const char *day, unsigned max)
{
	int fd = openat(accountfd, KEPT_DIR, TREE_DIR_FLAGS);
	const bool more = fd != -1 && (tree_remove_some(fd, day, max) ||
					  faccessat(fd, day, F_OK,
					      AT_SYMLINK_NOFOLLOW) == -1);

	fd_close(&fd);
	return more;
}
