/* SPDX-License-Identifier: ISC */
#include "ctl/view/logblocks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "log/block.h"
#include "sys/fd.h"

enum { PIECE = 64, /* records read at once */ TEXT_BYTES = 64 };

/* Records of an index, one after the other.  logger may be another's by now,
 * and its file have any size: what is kept in memory comes of records that are
 * there, and holes are passed over. */
struct records {
	int fd;
	uint64_t next, count;
	uint64_t first, n; /* those in text */
	struct log_block block;
	char text[PIECE * LOG_BLOCK_RECORD];
};

static struct records *
records_new(int fd)
{
	struct records *r = xcalloc(1, sizeof *r);
	struct stat st;

	r->fd = fd;
	if (fd != -1 && fstat(fd, &st) == 0)
		r->count = (uint64_t)st.st_size / LOG_BLOCK_RECORD;
	return r;
}

/* As many of them as are there from the next on; false: none. */
static bool
read_piece(struct records *r)
{
	const ssize_t n = pread(r->fd, r->text, sizeof r->text,
	    (off_t)(r->next * LOG_BLOCK_RECORD));

	r->first = r->next;
	r->n = n > 0 ? (uint64_t)n / LOG_BLOCK_RECORD : 0;
	return r->n > 0;
}

/* The record NUMBER, not before one that was asked for; NULL when it cannot be
 * read, or is corrupt. */
static const struct log_block *
record(struct records *r, uint64_t number)
{
	r->next = number;
	if ((number < r->first || number >= r->first + r->n) && !read_piece(r))
		return NULL;
	return log_block_get(
		   &r->block, r->text + (number - r->first) * LOG_BLOCK_RECORD)
		   ? &r->block
		   : NULL;
}

/* Does the file have B's first line where B says, behind another's end? */
static bool
fits(int log, const struct log_block *b)
{
	const bool begins = b->offset == 0;
	char text[TEXT_BYTES];
	const ssize_t n =
	    pread(log, text, sizeof text, (off_t)(begins ? 0 : b->offset - 1));
	struct slice line = slice_of(text, n > 0 ? (size_t)n : 0);

	if (!begins) {
		if (!slice_starts(line, SLICE("\n")))
			return false;
		line = slice_from(line, 1);
	}
	return slice_eq(log_time_of(line), slice_of(b->first, sizeof b->first));
}

/* The first record from NUMBER on that is not in a hole; r->count: none. */
static uint64_t
skip_hole(const struct records *r, uint64_t number)
{
	const off_t at = (off_t)(number * LOG_BLOCK_RECORD);
	const off_t data = lseek(r->fd, at, SEEK_DATA);

	if (data == -1)
		return errno == ENXIO ? r->count : number;
	return (uint64_t)data / LOG_BLOCK_RECORD;
}

static void
add(struct logblocks *b, const struct log_block *r, uint64_t number)
{
	const struct logrange at = { r->offset, r->offset + r->length };

	/* The file was cut off and begun anew, or is another one. */
	while (b->n > 0 && b->all[b->n - 1].at.to > at.from)
		b->n--;
	if (b->n == b->room) {
		b->room = b->room * 2 + PIECE;
		b->all = xreallocarray(b->all, b->room, sizeof *b->all);
	}
	b->all[b->n++] = (struct logblock){ .at = at, .record = number };
}

void
logblocks_init(struct logblocks *b, int fd, int log, uint64_t size)
{
	struct records *r = records_new(fd);

	*b = (struct logblocks){ .fd = fd, .size = size };
	for (uint64_t i = skip_hole(r, 0); i < r->count; i++) {
		const struct log_block *one = record(r, i);
		const bool adjacent = one != NULL && b->n > 0 &&
				      b->all[b->n - 1].at.to == one->offset;

		if (one == NULL) {
			i = skip_hole(r, i + 1) - 1;
			continue;
		}
		if (one->offset > size || one->length > size - one->offset)
			continue;
		if (adjacent || fits(log, one))
			add(b, one, i);
	}
	free(r);
}

void
logblocks_fini(struct logblocks *b)
{
	fd_close(&b->fd);
	xfree(&b->all);
	b->n = b->room = 0;
}

static bool
may_have(const struct log_block *b, const struct logquery *q)
{
	if (q->since != NULL && memcmp(b->latest, q->since, LOG_TIME_BYTES) < 0)
		return false;
	return q->keys == NULL || log_block_may_have_any(b, q->keys, q->nkeys);
}

static void
add_range(struct buf *ranges, uint64_t from, uint64_t to)
{
	struct logrange r = { from, to };
	struct logrange *last =
	    ranges->n > 0
		? (struct logrange *)(void *)(ranges->p + ranges->n) - 1
		: NULL;

	if (from == to)
		return;
	if (last != NULL && last->to == from)
		last->to = to;
	else
		buf_add(ranges, slice_of((const char *)&r, sizeof r));
}

void
logblocks_find(
    const struct logblocks *b, const struct logquery *q, struct buf *ranges)
{
	struct records *r = records_new(b->fd);
	uint64_t done = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct logblock *one = &b->all[i];
		const struct log_block *its = record(r, one->record);

		add_range(ranges, done, one->at.from);
		done = one->at.to;
		if (its == NULL || may_have(its, q))
			add_range(ranges, one->at.from, one->at.to);
	}
	add_range(ranges, done, b->size);
	free(r);
}
