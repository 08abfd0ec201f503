/* SPDX-License-Identifier: ISC */
/*
 * Bytes as they have been on the wire become those of a file: each line ends
 * in LF, unless files keep CRLF.  They go to a descriptor, or stay in memory
 * for many files (struct append_text).
 */
#ifndef STORE_LINES_H
#define STORE_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct lines {
	struct buf out; /* not yet in the file */
	int fd;         /* borrowed; -1: all stays in out */
	bool keep_crlf;
	bool cr;           /* one that may belong to a CRLF */
	char last;         /* of what was put */
	int64_t size;      /* of the file */
	int64_t wire;      /* where each line ends in CRLF; without CR above */
	int64_t written_s; /* not after the last write to the file began */
};

/* MAX bytes stay in memory at most: with a file what is beyond them is written,
 * without one it is an error (ERR_TEMP). */
void lines_init(struct lines *l, int fd, size_t max, bool keep_crlf);
void lines_fini(struct lines *l);

int lines_put(struct lines *l, struct slice bytes, struct err *err);
/* The whole file of FROM, which has none and is ended, behind all that was put;
 * in one write with what waits. */
int lines_put_text(struct lines *l, const struct lines *from, struct err *err);
/* No more comes. */
int lines_end(struct lines *l, struct err *err);

#endif
