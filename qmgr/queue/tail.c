/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/tail.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "qmgr/queue/recycle.h"
#include "qmgr/queue/unsynced.h"
#include "sys/fd.h"

/* ---- lines ---- */

void
tail_seal(struct buf *lines, size_t from)
{
	if (!lines->failed)
		buf_addf(lines, " !%08x\n",
		    crc32c(0, slice_from(buf_slice(lines), from)));
}

/* The line without its seal; false when the seal is not right. */
static bool
unseal(struct slice *line)
{
	const size_t at = slice_rfind(*line, '!');
	char want[12];

	if (at == line->n || at < 1 || line->p[at - 1] != ' ')
		return false;
	snprintf(
	    want, sizeof want, "%08x", crc32c(0, slice_sub(*line, 0, at - 1)));
	if (!slice_is(slice_from(*line, at + 1), want))
		return false;
	*line = slice_sub(*line, 0, at - 1);
	return true;
}

/* A whole line that was appended to one cut short.  Values hold no blank, so
 * that the words stand only where a line begins. */
static bool
find_joined(struct slice *line)
{
	static const char *const words[] = { "result ", "rcpt ", "next ",
		"held ", "released ", "warned ", "judged " };

	for (size_t at = 1; at < line->n; at++)
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			struct slice rest = slice_from(*line, at);

			if (!slice_starts(rest, slice_str(words[i])) ||
			    !unseal(&rest))
				continue;
			*line = rest;
			return true;
		}
	return false;
}

enum tail_kind
tail_next(struct slice *tail, struct slice *line)
{
	const size_t end = slice_find(*tail, '\n');

	if (tail->n == 0)
		return TAIL_END;
	*line = slice_sub(*tail, 0, end);
	if (end == tail->n) {
		*tail = slice_from(*tail, end);
		return TAIL_TORN;
	}
	*tail = slice_from(*tail, end + 1);
	if (unseal(line))
		return TAIL_LINE;
	if (find_joined(line))
		return TAIL_JOINED;
	return tail->n > 0 ? TAIL_BAD : TAIL_TORN;
}

/* ---- the file ---- */

static struct unwritten *
unwritten_of(struct entry *e)
{
	if (e->unwritten == NULL) {
		e->unwritten = xcalloc(1, sizeof *e->unwritten);
		e->unwritten->end = -1;
		buf_init(&e->unwritten->lines, TAIL_MAX_BYTES);
	}
	return e->unwritten;
}

struct slice
tail_kept(const struct entry *e)
{
	return e->unwritten != NULL ? buf_slice(&e->unwritten->lines)
				    : SLICE("");
}

int64_t
tail_end(const struct entry *e, int64_t file_bytes)
{
	return e->unwritten != NULL && e->unwritten->end != -1
		   ? e->unwritten->end
		   : file_bytes;
}

/* All of TEXT at the end of FD, or nothing. */
static int
append_whole(struct entry *e, int fd, struct slice text, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat");
	if (fd_write_all(fd, text, err) == 0)
		return 0;
	if (ftruncate(fd, st.st_size) == -1)
		unwritten_of(e)->end = st.st_size;
	return -1;
}

static int
cut(struct entry *e, int fd, struct err *err)
{
	if (e->unwritten == NULL || e->unwritten->end == -1)
		return 0;
	if (ftruncate(fd, e->unwritten->end) == -1)
		return err_sys(err, ERR_TEMP, "cut off a torn line");
	e->unwritten->end = -1;
	return 0;
}

static int
append_to(struct entry *e, int fd, const struct buf *lines, struct err *err)
{
	const struct slice kept = tail_kept(e);
	struct buf all = { .max = 2 * (size_t)TAIL_MAX_BYTES };
	int rc;

	if (cut(e, fd, err) == -1)
		return -1;
	/* Together, so that all of it is there or nothing. */
	if (kept.n > 0) {
		buf_add(&all, kept);
		buf_add(&all, buf_slice(lines));
		lines = &all;
	}
	rc = append_whole(e, fd, buf_slice(lines), err);
	buf_fini(&all);
	if (rc == 0) {
		entry_written(e);
		unsynced_note();
	}
	return rc;
}

int
tail_append(struct entry *e, const struct buf *lines, struct err *err)
{
	struct err why = { 0 };
	int fd, rc;

	if (lines->failed)
		return err_set(err, ERR_TEMP, "too many result lines");
	if (lines->n == 0 && e->unwritten == NULL)
		return 0;
	fd = spool_open(
	    e->id, (enum spool_place)e->place, O_WRONLY | O_APPEND, err);
	if (fd == -1)
		return -1;
	rc = append_to(e, fd, lines, &why);
	fd_close(&fd);
	if (why.code == ERR_NO_SPACE)
		recycle_drop();
	if (rc == -1 && err != NULL)
		*err = why;
	return rc;
}

int
tail_record(struct entry *e, const struct buf *lines, struct err *err)
{
	if (tail_append(e, lines, err) == 0)
		return 0;
	buf_add(&unwritten_of(e)->lines, buf_slice(lines));
	return -1;
}

int
tail_cut(struct entry *e, int64_t end, struct err *err)
{
	int fd = spool_open(e->id, (enum spool_place)e->place, O_WRONLY, err);
	int rc = -1;

	unwritten_of(e)->end = end;
	if (fd != -1)
		rc = cut(e, fd, err);
	/* Seldom, after a crash: it may be waited for. */
	if (rc == 0)
		rc = fd_sync(fd, err);
	fd_close(&fd);
	if (e->unwritten->end == -1 && e->unwritten->lines.n == 0)
		entry_written(e);
	return rc;
}
