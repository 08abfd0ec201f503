/* SPDX-License-Identifier: ISC */
/*
 * A message made of pieces: bytes of its own, and stretches of the message that
 * a job brings, which are read as they are needed.
 */
#ifndef LOCAL_PIECED_H
#define LOCAL_PIECED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct arena;
struct local_job;

struct pieced_piece {
	struct slice bytes; /* p == NULL: of the job's message */
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
/* N bytes from AT on to TO; there are so many. */
int pieced_read(const struct pieced *p, const struct local_job *job, int64_t at,
    char *to, size_t n, struct err *err);

#endif
