/* SPDX-License-Identifier: ISC */
/* CRLF to LF, in pieces: what stands in the file is what is parsed. */
#ifndef LOCAL_WIRE_H
#define LOCAL_WIRE_H

#include <stdbool.h>

#include "base/slice.h"

/* Zeroed at the start. */
struct wire {
	bool cr; /* the last piece ended in a CR */
};

/* PIECE with each CRLF as LF, in TEXT of SIZE bytes (at least piece.n + 1).  A
 * CR at the end of PIECE is kept back; an empty PIECE gives it out. */
struct slice wire_to_lf(
    struct wire *w, struct slice piece, char *text, size_t size);

#endif
