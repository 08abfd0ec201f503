/* SPDX-License-Identifier: ISC */
/*
 * Memory of one transaction: given out in pieces, taken back all at once.
 * Pieces are aligned for any object and never move.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
	size_t used_bytes; /* given out since the last reset */
};

void arena_init(struct arena *a);
/* Take everything back; keeps one chunk for the next transaction. */
void arena_reset(struct arena *a);
void arena_fini(struct arena *a);

/* Zeroed memory; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
/* Copies; the slice's bytes have a NUL behind them. */
struct slice arena_slice(struct arena *a, struct slice s);
char *arena_str(struct arena *a, struct slice s);
/* A copy with the letters of ASCII in lower case. */
struct slice arena_lower(struct arena *a, struct slice s);

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
