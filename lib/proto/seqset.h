/* SPDX-License-Identifier: ISC */
/* Sets of sequence numbers or UIDs: "1:5,7,9:*" (RFC 9051 sequence-set). */
#ifndef PROTO_SEQSET_H
#define PROTO_SEQSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct cur;

/* Inclusive; 0 stands for "*" until the set is resolved. */
struct seqrange {
	uint32_t lo;
	uint32_t hi;
};

struct seqset {
	struct seqrange *v;
	size_t n;
	bool uids; /* of UIDs, whatever the command is of: "$" */
};

/* Read a set; C fails when there is none.  Memory from A, in proportion to
 * the text. */
void seqset_parse(struct cur *c, struct arena *a, struct seqset *set);
/* "1:*" */
struct seqset seqset_all(struct arena *a);
struct seqset seqset_copy(const struct seqset *set, struct arena *a);
/* Put STAR, the largest number in use, for "*"; order and merge the ranges. */
void seqset_resolve(struct seqset *set, uint32_t star);
/* Of a resolved set: */
bool seqset_has(const struct seqset *set, uint32_t n);
/* Its largest number; 0 when it is empty. */
uint32_t seqset_last(const struct seqset *set);

#endif
