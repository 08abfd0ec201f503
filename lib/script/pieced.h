/* SPDX-License-Identifier: ISC */
/*
 * A message made of pieces: bytes of its own, and stretches of the message that
 * a script ran on, which are read as they are needed.
 */
#ifndef SCRIPT_PIECED_H
#define SCRIPT_PIECED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct arena;

struct pieced_piece {
	struct slice bytes; /* p == NULL: of the message */
	int64_t from, size; /* these */
};

struct pieced {
	const struct pieced_piece *list;
	size_t n;
	int64_t size; /* of all */
};

/* LIST of N pieces, each of which is there; in A. */
const struct pieced *pieced_new(
    struct arena *a, const struct pieced_piece *list, size_t n);
/* Where that message is: in memory, or else in FD from OFFSET on. */
struct pieced_source {
	struct slice bytes;
	int fd;
	int64_t offset;
};

/* N bytes of S from AT on to TO; there are so many. */
int pieced_source_read(const struct pieced_source *s, int64_t at, char *to,
    size_t n, struct err *err);
/* The same of P. */
int pieced_read(const struct pieced *p, const struct pieced_source *s,
    int64_t at, char *to, size_t n, struct err *err);

#endif
