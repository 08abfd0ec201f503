/* SPDX-License-Identifier: ISC */
#include "maildir/kwlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

enum { TAIL = 4096 };

void
kwlog_key(struct buf *out, const struct filename *f)
{
	buf_addf(out, "%u ", f->uid);
	for (size_t i = 0; i < f->base.n; i++) {
		const unsigned char c = (unsigned char)f->base.p[i];

		if (c <= ' ' || c == '%' || c == 0x7f)
			buf_addf(out, "%%%02X", c);
		else
			buf_addc(out, (char)c);
	}
}

static void
add_line(struct buf *out, const char *file, const struct keyword_table *t,
    const struct keyword_set *set, unsigned first)
{
	struct filename f;

	filename_parse(slice_str(file), &f);
	kwlog_key(out, &f);
	for (unsigned n = first; (n = keyword_set_next(set, n)) < KEYWORDS_MAX;
	     n++)
		if (keywords_name(t, n) != NULL)
			buf_addf(out, " %s", keywords_name(t, n));
	buf_addc(out, '\n');
}

void
kwlog_line(struct buf *out, const char *file, const struct keyword_table *t,
    const struct keyword_set *set)
{
	add_line(out, file, t, set, KEYWORD_LETTERS);
}

void
kwlog_line_whole(struct buf *out, const char *file,
    const struct keyword_table *t, const struct keyword_set *set)
{
	add_line(out, file, t, set, 0);
}

/* Where the last whole line of FD's SIZE bytes ends; -1: cannot be read. */
static int64_t
whole_lines(int fd, int64_t size, struct err *err)
{
	char tail[TAIL];

	while (size > 0) {
		const size_t n = size < TAIL ? (size_t)size : TAIL;
		const char *end;

		if (fd_pread_all(fd, tail, n, size - (int64_t)n, err) == -1)
			return -1;
		end = memrchr(tail, '\n', n);
		if (end != NULL)
			return size - (int64_t)n + (end - tail) + 1;
		size -= (int64_t)n;
	}
	return 0;
}

static int
cut(int fd, int64_t size, struct err *err)
{
	return ftruncate(fd, size) == 0
		   ? 0
		   : err_sys(err, ERR_TEMP, "truncate " KWFILE_NAME);
}

static int
open_log(struct kwlog *l, int dirfd, struct err *err)
{
	const int flags =
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat sb;

	l->fd = openat(dirfd, KWFILE_NAME, flags, 0600);
	if (l->fd == -1)
		return err_sys(err, ERR_TEMP, "open " KWFILE_NAME);
	if (fstat(l->fd, &sb) == -1 || !S_ISREG(sb.st_mode))
		return err_set(
		    err, ERR_TEMP, KWFILE_NAME " is no regular file");
	l->size = whole_lines(l->fd, sb.st_size, err);
	if (l->size == -1 ||
	    (l->size < sb.st_size && cut(l->fd, l->size, err) == -1))
		return -1;
	l->start = l->size;
	return 0;
}

int
kwlog_add(struct kwlog *l, int dirfd, struct slice lines, struct err *err)
{
	struct buf text;
	int rc;

	if (l->fd == -1 && open_log(l, dirfd, err) == -1) {
		kwlog_close(l);
		return -1;
	}
	buf_init(&text, KWFILE_MAX);
	if (l->size == 0)
		buf_adds(&text, KWFILE_FIRST);
	buf_add(&text, lines);
	rc = fd_pwrite_all(l->fd, buf_slice(&text), l->size, err);
	if (rc == 0)
		l->size += (int64_t)text.n;
	else
		(void)cut(l->fd, l->size, NULL);
	buf_fini(&text);
	return rc;
}

int
kwlog_add_one(struct kwlog *l, int dirfd, const char *file,
    const struct keyword_table *t, const struct keyword_set *set,
    struct err *err)
{
	struct buf line;
	int rc;

	if (!keyword_set_more(set))
		return 0;
	buf_init(&line, KWFILE_MAX);
	kwlog_line(&line, file, t, set);
	rc = kwlog_add(l, dirfd, buf_slice(&line), err);
	buf_fini(&line);
	return rc;
}

void
kwlog_undo(struct kwlog *l)
{
	if (l->fd != -1)
		(void)cut(l->fd, l->start, NULL);
}

void
kwlog_close(struct kwlog *l)
{
	fd_close(&l->fd);
}

int64_t
kwlog_size(int dirfd)
{
	struct stat sb;

	return fstatat(dirfd, KWFILE_NAME, &sb, AT_SYMLINK_NOFOLLOW) == 0
		   ? sb.st_size
		   : 0;
}

int
kwlog_replace(int dirfd, struct slice lines, struct err *err)
{
	struct buf text;
	int rc;

	if (lines.n == 0)
		return unlinkat(dirfd, KWFILE_NAME, 0) == 0 || errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_TEMP, "remove " KWFILE_NAME);
	buf_init(&text, KWFILE_MAX);
	buf_adds(&text, KWFILE_FIRST);
	buf_add(&text, lines);
	rc = text.failed ? err_set(err, ERR_TEMP, KWFILE_NAME ": too large")
			 : durable_replace(
			       dirfd, KWFILE_NAME, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}
