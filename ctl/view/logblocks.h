/* SPDX-License-Identifier: ISC */
/*
 * What the index of a log file (log/block.h) says of it: where a key may be.
 * The index is believed only where it fits: a record is of whole lines of the
 * file as it is now, which begin with the one that it names, or follows such a
 * record; everything else is to be read.
 */
#ifndef CTL_VIEW_LOGBLOCKS_H
#define CTL_VIEW_LOGBLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* From one byte of the file to another, whole lines. */
struct logrange {
	uint64_t from, to;
};

struct logquery {
	const uint64_t *keys; /* hashes (log/keys.h); NULL: every line */
	size_t nkeys;
	const char *since; /* not before, as in the log; or NULL */
};

struct logblock {
	struct logrange at;
	uint64_t record; /* its number */
};

struct logblocks {
	int fd;               /* of the index; -1: none */
	uint64_t size;        /* of the log file */
	struct logblock *all; /* in the order of the file, and of records */
	size_t n, room;
};

/* Take the index FD (-1: none) of the first SIZE bytes of LOG. */
void logblocks_init(struct logblocks *b, int fd, int log, uint64_t size);
void logblocks_fini(struct logblocks *b);
/* Add to RANGES (struct logrange, in order) where lines that have one of the
 * keys may stand. */
void logblocks_find(
    const struct logblocks *b, const struct logquery *q, struct buf *ranges);

#endif
