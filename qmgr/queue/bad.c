/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/bad.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/subdir.h"
#include "queue/envelope_text.h"
#include "queue/written.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	HEAD_BYTES = 65536, /* of a file, looked at for its envelope */
	WHY_BYTES = 4096,
	SAME_NAME_MAX = 100,
};

static const char suffix[] = ".why";
static const char *const kind_names[] = { "damaged", "unacknowledged",
	"notice" };

static int bad_dir = -1;
static void (*on_damaged)(void); /* may be NULL */

static struct metric set_aside = { .name = "pabal_qmgr_set_aside",
	.help = "Files quarantined in bad/." };
static struct metric files = { .name = "pabal_qmgr_bad_files",
	.help = "Files in bad/.",
	.type = METRIC_GAUGE };

void
bad_on_damaged(void (*fn)(void))
{
	on_damaged = fn;
}

const char *
bad_kind_name(enum bad_kind kind)
{
	return kind_names[kind];
}

/* ---- names ---- */

static bool
is_file_name(const char *name)
{
	return name[0] != '.' &&
	       !slice_ends(slice_str(name), slice_str(suffix));
}

/* As a C string; false for what is no name here. */
static bool
name_of(struct slice name, char text[NAME_MAX + 1])
{
	return name.n > 0 && slice_find(name, '/') == name.n &&
	       slice_copy(name, text, NAME_MAX + 1) && is_file_name(text);
}

static bool
why_of(const char *name, char why[NAME_MAX + 1])
{
	return snprintf(why, NAME_MAX + 1, "%s%s", name, suffix) <= NAME_MAX;
}

static DIR *
open_dir(void)
{
	const int fd = openat(bad_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd != -1 ? fdopendir(fd) : NULL;
}

int
bad_init(int root, struct err *err)
{
	const struct dirent *e;
	int64_t n = 0;
	DIR *d;

	fd_close(&bad_dir);
	bad_dir = subdir_open(root, "bad", err);
	if (bad_dir == -1)
		return -1;
	d = open_dir();
	while (d != NULL && (e = readdir(d)) != NULL)
		n += is_file_name(e->d_name);
	if (d != NULL)
		closedir(d);
	metric_register(&set_aside);
	metric_set(&files, n);
	return 0;
}

uint64_t
bad_count(void)
{
	return files.value > 0 ? (uint64_t)files.value : 0;
}

/* NAME among the N names in order. */
static void
insert(struct slice *names, size_t n, struct slice name)
{
	size_t at = n;

	while (at > 0 && slice_cmp(names[at - 1], name) > 0)
		at--;
	memmove(names + at + 1, names + at, (n - at) * sizeof *names);
	names[at] = name;
}

size_t
bad_names(struct slice after, size_t most, struct slice *names,
    struct arena *arena, bool *more)
{
	DIR *d = open_dir();
	const struct dirent *e;
	size_t n = 0;

	*more = false;
	while (d != NULL && (e = readdir(d)) != NULL) {
		const struct slice name = slice_str(e->d_name);

		if (!is_file_name(e->d_name) || slice_cmp(name, after) <= 0)
			continue;
		if (n == most) {
			/* The last gives way to an earlier one. */
			*more = true;
			if (slice_cmp(name, names[n - 1]) > 0)
				continue;
			n--;
		}
		insert(names, n++, arena_slice(arena, name));
	}
	if (d != NULL)
		closedir(d);
	return n;
}

/* ---- what can be read of a file ---- */

static int64_t
number_of(struct slice text)
{
	struct cur c = cur_of(text);
	const uint64_t v = cur_u64(&c, INT64_MAX);

	return cur_end(&c) ? (int64_t)v : 0;
}

static void
take_rcpt(struct bad_file *f, struct slice value)
{
	struct slice rest;

	f->rcpts[f->nrcpts++] = slice_cut(value, ' ', &rest);
}

/* The head's lines as far as they make sense.  True: the file is ours, and is
 * short of its head's end or of the message announced. */
static bool
read_head(struct slice head, int64_t file_bytes, struct arena *arena,
    struct bad_file *f)
{
	const bool ours = slice_starts(head, SLICE("pabal-queue "));
	const size_t n = head.n;
	size_t lines = 1;
	int64_t size = 0;

	for (size_t i = 0; i < head.n; i++)
		lines += head.p[i] == '\n';
	f->rcpts = arena_alloc(arena, lines * sizeof *f->rcpts);
	while (head.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(head, '\n', &head), ' ', &value);

		if (slice_is(name, "id"))
			f->id = value;
		else if (slice_is(name, "arrived"))
			f->arrived_us = number_of(value);
		else if (slice_is(name, "sender"))
			f->sender = value;
		else if (slice_is(name, "size"))
			size = number_of(value);
		else if (slice_is(name, "rcpt"))
			take_rcpt(f, value);
		else if (slice_is(name, "protocol") &&
			 slice_is(value, WRITTEN_NOTICE))
			f->kind = BAD_NOTICE;
		else if (slice_is(name, "end"))
			return ours &&
			       file_bytes - (int64_t)(n - head.n) < size;
	}
	return ours &&
	       (size > 0 ? file_bytes <= size : file_bytes < HEAD_BYTES);
}

/* The file FD; CUT: it was never whole. */
static int
read_file(
    int fd, struct arena *arena, struct bad_file *f, bool *cut, struct err *err)
{
	struct stat st;
	size_t n;
	char *head;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_PERM, "not a file");
	f->file_bytes = st.st_size;
	n = st.st_size < HEAD_BYTES ? (size_t)st.st_size : HEAD_BYTES;
	head = arena_alloc(arena, n + 1);
	if (fd_pread_all(fd, head, n, 0, err) == -1)
		return -1;
	*cut = read_head(slice_of(head, n), st.st_size, arena, f);
	/* The head is written last, over a hole. */
	*cut |= n == 0 || head[0] == '\0';
	return 0;
}

static void
read_why(const char *name, struct arena *arena, struct bad_file *f)
{
	struct buf text = { .max = WHY_BYTES };
	char why[NAME_MAX + 1];
	struct slice rest;
	int fd = -1;

	if (why_of(name, why))
		fd = openat(bad_dir, why, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 || fd_read_file(fd, &text, NULL) == -1)
		buf_reset(&text);
	fd_close(&fd);
	rest = buf_slice(&text);
	while (rest.n > 0) {
		struct slice value;
		const struct slice word =
		    slice_cut(slice_cut(rest, '\n', &rest), ' ', &value);

		if (slice_is(word, "why"))
			(void)envelope_unescape(arena, value, &f->why);
		else if (slice_is(word, "time"))
			f->time_ms = number_of(value);
		else if (slice_is(word, "told"))
			f->told = true;
		else if (slice_is(word, "kind") &&
			 slice_is(value, kind_names[BAD_UNACKNOWLEDGED]))
			f->kind = BAD_UNACKNOWLEDGED;
	}
	buf_fini(&text);
}

int
bad_read(
    struct slice name, struct arena *arena, struct bad_file *f, struct err *err)
{
	char text[NAME_MAX + 1];
	bool cut;
	int fd;

	*f = (struct bad_file){ .kind = BAD_DAMAGED };
	fd = bad_open(name, err);
	if (fd == -1)
		return -1;
	/* A directory or an unreadable file is bad all the same. */
	(void)read_file(fd, arena, f, &cut, NULL);
	fd_close(&fd);
	(void)name_of(name, text);
	read_why(text, arena, f);
	return 0;
}

/* ---- coming and going ---- */

static void
write_why(const char *name, const char *line, int flags)
{
	char why[NAME_MAX + 1];
	int fd = -1;

	if (why_of(name, why))
		fd = openat(bad_dir, why,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	if (fd != -1)
		(void)fd_write_all(fd, slice_str(line), NULL);
	fd_close(&fd);
}

static enum bad_kind
kind_of(int dirfd, const char *name, bool at_start)
{
	struct bad_file f = { .kind = BAD_DAMAGED };
	struct arena arena;
	bool cut = false;
	int fd =
	    openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	arena_init(&arena);
	if (fd != -1 && read_file(fd, &arena, &f, &cut, NULL) == 0 && cut &&
	    at_start)
		f.kind = BAD_UNACKNOWLEDGED;
	fd_close(&fd);
	arena_fini(&arena);
	return f.kind;
}

/* A second file of that name must not replace the first. */
static int
move_here(int dirfd, const char *name, char as[NAME_MAX + 1])
{
	for (unsigned n = 0; n < SAME_NAME_MAX; n++) {
		if (n == 0)
			snprintf(as, NAME_MAX + 1, "%s", name);
		else
			snprintf(as, NAME_MAX + 1, "%s.%u", name, n);
		if (fd_rename_new(dirfd, name, bad_dir, as) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return -1;
}

void
bad_put(int dirfd, const char *name, bool at_start, const char *why)
{
	const enum bad_kind kind = kind_of(dirfd, name, at_start);
	struct buf lines = { .max = WHY_BYTES };
	char as[NAME_MAX + 1];
	struct err err = { 0 };

	metric_add(&set_aside, 1);
	if (kind == BAD_UNACKNOWLEDGED)
		log_warn("spool.unacknowledged", kv_s("qid", name),
		    kv_s("why", why));
	else
		log_err(
		    "spool.quarantined", kv_s("qid", name), kv_s("why", why));
	if (move_here(dirfd, name, as) == -1) {
		err_sys(&err, ERR_TEMP, "rename to bad/%s", as);
		log_err(
		    "spool.failed", kv_s("qid", name), kv_s("why", err.text));
		return;
	}
	metric_add(&files, 1);
	buf_adds(&lines, "why ");
	envelope_escape(&lines, slice_str(why));
	buf_addf(&lines, "\nkind %s\ntime %lld\n", kind_names[kind],
	    (long long)clock_wall_us() / 1000);
	write_why(as, buf_cstr(&lines), O_TRUNC);
	buf_fini(&lines);
	if (kind == BAD_DAMAGED && on_damaged != NULL)
		on_damaged();
}

void
bad_told(struct slice name)
{
	char text[NAME_MAX + 1], line[40];

	snprintf(line, sizeof line, "told %lld\n",
	    (long long)clock_wall_us() / 1000);
	if (name_of(name, text))
		write_why(text, line, O_APPEND);
}

int
bad_open(struct slice name, struct err *err)
{
	char text[NAME_MAX + 1];
	int fd;

	if (!name_of(name, text))
		return err_set(err, ERR_PERM, "no such file in bad/");
	fd = openat(
	    bad_dir, text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return err_set(err, ERR_PERM, "no such file in bad/");
	return fd != -1 ? fd : err_sys(err, ERR_TEMP, "open bad/%s", text);
}

int
bad_take(struct slice name, int dirfd, const char *id, struct err *err)
{
	char text[NAME_MAX + 1];

	if (!name_of(name, text))
		return err_set(err, ERR_PERM, "no such file in bad/");
	if (fd_rename_new(bad_dir, text, dirfd, id) == -1)
		return err_sys(err, ERR_TEMP, "rename bad/%s", text);
	metric_add(&files, -1);
	return 0;
}

int
bad_give_back(struct slice name, int dirfd, const char *id, struct err *err)
{
	char text[NAME_MAX + 1];

	if (!name_of(name, text) ||
	    fd_rename_new(dirfd, id, bad_dir, text) == -1)
		return err_sys(err, ERR_TEMP, "rename to bad/%s", id);
	metric_add(&files, 1);
	return 0;
}

void
bad_forget(struct slice name)
{
	char text[NAME_MAX + 1], why[NAME_MAX + 1];

	if (name_of(name, text) && why_of(text, why))
		(void)unlinkat(bad_dir, why, 0);
}

int
bad_delete(struct slice name, struct err *err)
{
	char text[NAME_MAX + 1];

	if (!name_of(name, text))
		return err_set(err, ERR_PERM, "no such file in bad/");
	if (unlinkat(bad_dir, text, 0) == -1)
		return err_sys(err, ERR_TEMP, "remove bad/%s", text);
	metric_add(&files, -1);
	bad_forget(name);
	return 0;
}
