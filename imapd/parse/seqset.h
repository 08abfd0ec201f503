/* SPDX-License-Identifier: ISC */
/* Sets of sequence numbers or UIDs: "1:5,7,9:*" (RFC 9051 sequence-set). */
#ifndef IMAPD_PARSE_SEQSET_H
#define IMAPD_PARSE_SEQSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;
struct cur;

/* Inclusive; 0 stands for "*" until the set is resolved. */
struct seqrange {
	uint32_t lo;
	uint32_t hi;
};

struct seqset {
	struct seqrange *v;
	size_t n;
};

/* Read a set; C fails when there is none.  Memory from A, in proportion to
 * the text. */
void seqset_parse(struct cur *c, struct arena *a, struct seqset *set);
/* Put STAR, the largest number in use, for "*"; order and merge the ranges. */
void seqset_resolve(struct seqset *set, uint32_t star);
/* Of a resolved set: */
bool seqset_has(const struct seqset *set, uint32_t n);
/* Its largest number; 0 when it is empty. */
uint32_t seqset_last(const struct seqset *set);

/* Writes numbers, given in any order one by one, as a set: neighbours that
 * ascend become a range.  Zero it before, finish after. */
struct seqset_writer {
	uint32_t lo, hi; /* not yet written; 0: none */
	bool any;
};
void seqset_put(struct seqset_writer *w, uint32_t n, struct buf *out);
void seqset_finish(struct seqset_writer *w, struct buf *out);

#endif
