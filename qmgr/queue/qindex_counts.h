/* SPDX-License-Identifier: ISC */
/* What the index (qmgr/queue/qindex.h) counts. */
#ifndef QMGR_QUEUE_QINDEX_COUNTS_H
#define QMGR_QUEUE_QINDEX_COUNTS_H

#include "base/err.h"
#include "base/slice.h"
#include "qmgr/queue/qcount.h"

/* How many records are in each group; ends with qindex_walk_end, too.  The
 * first time those behind the key AFTER (empty: all). */
int qindex_counts(struct err *err);
enum found qindex_counts_next(enum qgroup_kind kind, struct slice after,
    struct qcount *out, struct err *err);

#endif
