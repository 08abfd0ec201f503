/* SPDX-License-Identifier: ISC */
/* The messages of a mailbox in the order of their UIDs, both records of each
 * side by side. */
#ifndef INDEX_WALK_H
#define INDEX_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "index/record.h"

struct column_walk;
struct kv_cursor;
struct kv_txn;

struct walk {
	struct kv_txn *t;
	struct kv_cursor *hots;
	struct kv_cursor *msgs;   /* NULL: not wanted */
	struct kv_cursor *caches; /* opened when it is first asked for */
	uint64_t cache_uid; /* where that stands; UINT64_MAX: at the end */
	struct slice cache;
	struct column_walk *column; /* the same */
	uint32_t box;
	uint32_t uid; /* the message walk_next gave */
	struct ix_hot hot;
	struct ix_msg msg;
	uint32_t from; /* none below it comes now */
	bool started;
};

/* From UID FROM on; MSGS: with w->msg.  Ended by walk_close, before the
 * transaction; the mailbox is not changed on the way. */
int walk_open(struct walk *w, struct kv_txn *t, uint32_t box, uint32_t from,
    bool msgs, struct err *err);
enum found walk_next(struct walk *w, struct err *err);
/* What was made of the message that walk_next gave, borrowed until the next
 * call. */
enum found walk_cache(struct walk *w, struct slice *v, struct err *err);
/* What COLUMN (column.h), the same one in each call, has of it; borrowed until
 * the transaction ends. */
enum found walk_column(
    struct walk *w, unsigned column, struct slice *v, struct err *err);
void walk_close(struct walk *w);

#endif
