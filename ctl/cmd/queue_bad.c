/* SPDX-License-Identifier: ISC */
/* pabal queue bad: files that qmgr could not understand and has set aside. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/badfiles.h"
#include "ctl/view/out.h"
#include "sys/fd.h"

enum { ARGS_MAX = 10000, LINE_MAX_BYTES = 1 << 20 };

struct printer {
	struct buf line;
	size_t files;
	bool json;
};

static void
json_str(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, ",\"%s\":", key);
	out_json(b, v);
}

static void
json_time(struct buf *b, const char *key, int64_t s)
{
	if (s > 0)
		buf_addf(b, ",\"%s\":%lld", key, (long long)s);
	else
		buf_addf(b, ",\"%s\":null", key);
}

static void
print_json(struct printer *p, const struct badfile *f)
{
	struct buf *b = &p->line;

	buf_adds(b, p->files == 0 ? "[{\"name\":" : ",{\"name\":");
	out_json(b, f->name);
	json_str(b, "kind", f->kind);
	json_str(b, "reason", f->why);
	json_time(b, "time", f->time_s);
	json_time(b, "arrived", f->arrived_s);
	buf_addf(b, ",\"bytes\":%lld,\"told\":%s", (long long)f->bytes,
	    f->told ? "true" : "false");
	json_str(b, "sender", f->sender);
	buf_adds(b, ",\"recipients\":[");
	for (size_t i = 0; i < f->nrcpts; i++) {
		buf_adds(b, i > 0 ? "," : "");
		out_json(b, f->rcpts[i]);
	}
	buf_adds(b, "]}\n");
}

static void
add_time(struct buf *b, int64_t s)
{
	const time_t t = (time_t)s;
	struct tm tm;
	char text[32] = "-";

	if (s > 0 && localtime_r(&t, &tm) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	buf_addf(b, "%-20s", text);
}

static void
print_text(struct printer *p, const struct badfile *f)
{
	struct buf *b = &p->line;

	if (p->files == 0)
		buf_addf(b, "%-16s%-20s%9s  SENDER\n", "NAME", "QUARANTINED",
		    "BYTES");
	out_plain(b, f->name);
	for (size_t i = f->name.n; i == f->name.n || i < 16; i++)
		buf_addc(b, ' ');
	add_time(b, f->time_s);
	buf_addf(b, "%9lld  ", (long long)f->bytes);
	out_plain(b, f->sender.n > 0 ? f->sender : SLICE("-"));
	buf_adds(b, "\n    (");
	out_plain(b, f->kind);
	buf_adds(b, ") ");
	out_plain(b, f->why.n > 0 ? f->why : SLICE("reason not known"));
	buf_addc(b, '\n');
	for (size_t i = 0; i < f->nrcpts; i++) {
		buf_adds(b, "    ");
		out_plain(b, f->rcpts[i]);
		buf_addc(b, '\n');
	}
}

static void
print(void *arg, const struct badfile *f)
{
	struct printer *p = arg;

	buf_reset(&p->line);
	if (p->json)
		print_json(p, f);
	else
		print_text(p, f);
	fwrite(p->line.p, 1, p->line.n, stdout);
	p->files++;
}

int
cmd_queue_bad(struct ctl *ctl, int argc, char **argv)
{
	struct printer p = { .line = { .max = LINE_MAX_BYTES } };
	struct arena arena;
	struct err err;
	int rc = CTL_OK;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	p.json = ctl->json;
	arena_init(&arena);
	if (badfiles_each(&ctl->inst, &arena, print, &p, &err) == -1)
		rc = ctl_fail("queue bad: %s", err.text);
	if (ctl->json)
		puts(p.files == 0 ? "[]" : "]");
	else if (rc == CTL_OK && p.files == 0)
		puts("no files are quarantined");
	arena_fini(&arena);
	buf_fini(&p.line);
	return rc;
}

/* ---- actions ---- */

struct names {
	struct slice *list;
	size_t n, max;
};

static void
count_name(void *arg, const struct badfile *f)
{
	struct names *names = arg;

	if (names->list != NULL && names->n < names->max)
		names->list[names->n] = f->name;
	names->n++;
}

/* Those of ARGV, or every file for "all". */
static int
names_of(struct ctl *ctl, int argc, char **argv, struct arena *arena,
    struct names *names, struct err *err)
{
	const bool all = argc == 1 && strcmp(argv[0], "all") == 0;

	*names = (struct names){ .max = (size_t)argc };
	if (all &&
	    badfiles_each(&ctl->inst, arena, count_name, names, err) == -1)
		return -1;
	if (all)
		names->max = names->n;
	names->list =
	    arena_alloc(arena, (names->max + 1) * sizeof(struct slice));
	names->n = 0;
	if (all)
		return badfiles_each(&ctl->inst, arena, count_name, names, err);
	for (int i = 0; i < argc; i++)
		names->list[names->n++] = slice_str(argv[i]);
	return 0;
}

static void
print_done(const struct ctl *ctl, const char *verb, size_t done)
{
	if (ctl->json)
		printf("{\"files\":%zu}\n", done);
	else
		printf("%s: %zu file%s\n", verb, done, done == 1 ? "" : "s");
}

static int
act(struct ctl *ctl, const char *verb, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 1, ARGS_MAX);
	struct names names;
	struct arena arena;
	struct err err;
	size_t done = 0;
	int rc = CTL_OK;

	if (n == -1)
		return CTL_USAGE;
	arena_init(&arena);
	if (names_of(ctl, n, argv, &arena, &names, &err) == -1) {
		rc = ctl_fail("queue bad %s: %s", verb, err.text);
		names.n = 0;
	}
	for (size_t i = 0; i < names.n && i < names.max; i++) {
		if (badfiles_act(&ctl->inst, verb, names.list[i], &err) == 0)
			done++;
		else
			rc = ctl_fail("queue bad %s %.*s: %s", verb,
			    SLICE_FMT(names.list[i]), err.text);
	}
	print_done(ctl, verb, done);
	arena_fini(&arena);
	return rc;
}

int
cmd_queue_bad_restore(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "restore", argc, argv);
}

int
cmd_queue_bad_delete(struct ctl *ctl, int argc, char **argv)
{
	return act(ctl, "delete", argc, argv);
}

/* ---- export ---- */

/* qmgr says how its files are called: no other directory is meant. */
static bool
is_plain_name(struct slice name, char text[NAME_MAX + 1])
{
	return name.n > 0 && slice_find(name, '/') == name.n &&
	       name.p[0] != '.' && slice_copy(name, text, NAME_MAX + 1);
}

static int
copy_file(int from, int to, struct err *err)
{
	char piece[65536];
	ssize_t n;

	while ((n = read(from, piece, sizeof piece)) > 0)
		if (fd_write_all(to, slice_of(piece, (size_t)n), err) == -1)
			return -1;
	return n == 0 ? fd_sync(to, err) : err_sys(err, ERR_TEMP, "read");
}

/* NAME to a new file in DIRFD, or nothing: it has that name when it is whole,
 * and what somebody left who was ended before that is removed. */
static int
export_file(struct ctl *ctl, int dirfd, struct slice name, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	char text[NAME_MAX + 1], part[NAME_MAX + 8];
	int from = -1, to = -1, rc = -1;

	if (!is_plain_name(name, text))
		return err_set(err, ERR_PERM, "not the name of a file");
	if (badfiles_open(&ctl->inst, name, &from, err) == -1)
		return -1;
	snprintf(part, sizeof part, ".%.240s.part", text);
	(void)unlinkat(dirfd, part, 0);
	to = openat(dirfd, part, flags, 0600);
	if (to == -1)
		err_sys(err, ERR_TEMP, "create it");
	else
		rc = copy_file(from, to, err);
	if (rc == 0 && fd_rename_new(dirfd, part, dirfd, text) == -1)
		rc = err_sys(err, ERR_TEMP, "create it");
	if (to != -1 && rc == -1)
		(void)unlinkat(dirfd, part, 0);
	fd_close(&to);
	fd_close(&from);
	return rc;
}

int
cmd_queue_bad_export(struct ctl *ctl, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 2, ARGS_MAX);
	struct names names;
	struct arena arena;
	struct err err;
	size_t done = 0;
	int rc = CTL_OK;
	int dirfd;

	if (n == -1)
		return CTL_USAGE;
	dirfd = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		return ctl_fail("queue bad export: %s: %s", argv[0],
		    strerrordesc_np(errno));
	arena_init(&arena);
	if (names_of(ctl, n - 1, argv + 1, &arena, &names, &err) == -1) {
		rc = ctl_fail("queue bad export: %s", err.text);
		names.n = 0;
	}
	for (size_t i = 0; i < names.n && i < names.max; i++) {
		if (export_file(ctl, dirfd, names.list[i], &err) == 0)
			done++;
		else
			rc = ctl_fail("queue bad export %.*s: %s",
			    SLICE_FMT(names.list[i]), err.text);
	}
	print_done(ctl, "export", done);
	arena_fini(&arena);
	fd_close(&dirfd);
	return rc;
}

/* As it is, but not to a terminal. */
static int
print_file(int fd, struct err *err)
{
	const bool plain = isatty(STDOUT_FILENO);
	struct buf shown = { .max = LINE_MAX_BYTES };
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0) {
		struct slice rest = slice_of(piece, (size_t)n);

		if (!plain) {
			fwrite(piece, 1, (size_t)n, stdout);
			continue;
		}
		buf_reset(&shown);
		while (rest.n > 0) {
			const size_t end = slice_find(rest, '\n');

			out_plain(&shown, slice_sub(rest, 0, end));
			if (end < rest.n)
				buf_addc(&shown, '\n');
			rest = slice_from(rest, end + (end < rest.n));
		}
		fwrite(shown.p, 1, shown.n, stdout);
	}
	buf_fini(&shown);
	return n == 0 ? 0 : err_sys(err, ERR_TEMP, "read");
}

int
cmd_queue_bad_show(struct ctl *ctl, int argc, char **argv)
{
	struct err err;
	int fd = -1;
	int rc = CTL_OK;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (badfiles_open(&ctl->inst, slice_str(argv[0]), &fd, &err) == -1 ||
	    print_file(fd, &err) == -1)
		rc = ctl_fail("queue bad show %s: %s", argv[0], err.text);
	fd_close(&fd);
	return rc;
}
