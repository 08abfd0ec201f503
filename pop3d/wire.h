/* SPDX-License-Identifier: ISC */
/*
 * A message as POP3 sends it: each line ends in CRLF, a "." at the start of a
 * line is doubled (RFC 1939 3), a last line without an end gets one.  Works on
 * pieces of any size; needs no more memory than a piece makes.
 */
#ifndef POP3D_WIRE_H
#define POP3D_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct pop3d_wire {
	uint64_t lines; /* of the body that are still wanted */
	size_t column;  /* bytes of this line so far, with a CR */
	bool cr;        /* the last byte was a CR */
	bool body;      /* the empty line has been */
	bool all;       /* lines does not count */
	bool done;      /* nothing more is wanted */
};

/* The most that a byte grows to. */
enum { POP3D_WIRE_GROWTH = 2 };

/* RETR: everything. */
void pop3d_wire_all(struct pop3d_wire *w);
/* TOP: the header, the empty line, and LINES lines of the body. */
void pop3d_wire_top(struct pop3d_wire *w, uint64_t lines);
/* Add what IN becomes to OUT, until w->done. */
void pop3d_wire_put(struct pop3d_wire *w, struct slice in, struct buf *out);
/* The message is at its end: add the line with the dot. */
void pop3d_wire_end(struct pop3d_wire *w, struct buf *out);

#endif
