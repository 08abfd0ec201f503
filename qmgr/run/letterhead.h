/* SPDX-License-Identifier: ISC */
/* By which fields loops are known (RFC 5321 6.3). */
#ifndef QMGR_RUN_LETTERHEAD_H
#define QMGR_RUN_LETTERHEAD_H

#include "base/slice.h"

struct buf;

/* The Received field of a letter with the queue id ID.  It does not say whose
 * script has sent it: whom that answers has not been told the account. */
void letterhead_put(struct buf *out, const char *id);
/* How many such fields HEAD has, up to its end or an empty line. */
unsigned letterhead_hops(struct slice head);

#endif
