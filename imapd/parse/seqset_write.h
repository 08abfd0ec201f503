/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_PARSE_SEQSET_WRITE_H
#define IMAPD_PARSE_SEQSET_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Writes numbers, given in any order one by one, as a set: neighbours that
 * ascend become a range.  Zero it before, finish after. */
struct seqset_writer {
	uint32_t lo, hi; /* not yet written; 0: none */
	bool any;
};
void seqset_put(struct seqset_writer *w, uint32_t n, struct buf *out);
/* From LO to HI. */
void seqset_put_range(
    struct seqset_writer *w, uint32_t lo, uint32_t hi, struct buf *out);
void seqset_finish(struct seqset_writer *w, struct buf *out);

#endif
