/* SPDX-License-Identifier: ISC */
/*
 * How many messages of the index are in each group (qmgr/queue/qgroup.h): keys
 *
 *   C kind name time
 *
 * of the same table, each for the messages that arrived in the same 68 minutes
 * (QGROUP_AGE: the same second).  What a change comes to is collected, so that
 * a message that is put off once more for the same reason costs nothing here.
 */
#ifndef QMGR_QUEUE_QCOUNT_H
#define QMGR_QUEUE_QCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "qmgr/queue/qgroup.h"

struct kv_cursor;
struct kv_txn;
struct qrecord;

/* The record R comes (SIGN 1) or goes (-1). */
void qcount_change(const struct qrecord *r, int sign);
/* What that came to since the last of these calls, into the table. */
int qcount_write(struct kv_txn *t, struct err *err);
/* Or it is given up. */
void qcount_forget(void);

struct qcount {
	struct slice name, key; /* until the next call */
	int64_t messages, bytes;
	int64_t oldest_s; /* arrival: of one of those that were among them */
};
/* The first of KIND behind the key AFTER (empty: of all); the next one. */
enum found qcount_seek(struct kv_cursor *c, enum qgroup_kind kind,
    struct slice after, struct qcount *out, struct err *err);
enum found qcount_next(struct kv_cursor *c, enum qgroup_kind kind,
    struct qcount *out, struct err *err);

#endif
