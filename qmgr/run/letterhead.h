/* SPDX-License-Identifier: ISC */
/* By which fields loops are known (RFC 5321 6.3). */
#ifndef QMGR_RUN_LETTERHEAD_H
#define QMGR_RUN_LETTERHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { LETTERHEAD_LINE = 10 };

/* Of a letter that comes in pieces; zeroed. */
struct letterhead_hops {
	unsigned n;                 /* Received fields so far */
	bool over;                  /* the empty line was there */
	size_t at;                  /* bytes of the line, CRs left out */
	char line[LETTERHEAD_LINE]; /* its first ones */
};

struct buf;

/* The Received field of a letter with the queue id ID.  It does not say whose
 * script has sent it: whom that answers has not been told the account. */
void letterhead_put(struct buf *out, const char *id);
/* How many such fields there are up to the end of the next BYTES, or to an
 * empty line: cut anywhere they are the same. */
unsigned letterhead_count(struct letterhead_hops *h, struct slice bytes);
/* How many of them HEAD has. */
unsigned letterhead_hops(struct slice head);

#endif
