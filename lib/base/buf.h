/* SPDX-License-Identifier: ISC */
/*
 * Owned bytes that grow up to a stated maximum.
 *
 * Invariants: p[0..n) is the content; n <= cap <= max.  What would go past
 * max is not added and sets `failed`, which stays set until buf_reset or
 * buf_fini: write a whole reply, ask once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
/* Free the content; the buffer may be used again with the same max. */
void buf_fini(struct buf *b);
/* Empty, not failed; keeps its memory. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, struct slice s);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addu(struct buf *b, uint64_t v);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for N more bytes: where to write them, NULL (and failed) when past
 * max.  buf_added says how many were written. */
char *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);
/* Take N bytes off the front / leave only the first N. */
void buf_consume(struct buf *b, size_t n);
void buf_truncate(struct buf *b, size_t n);

/* The content as a C string, valid until the next change. */
const char *buf_cstr(struct buf *b);

static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

#endif
