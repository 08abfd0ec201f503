/* SPDX-License-Identifier: ISC */
/*
 * A column: something small of each message of a mailbox, that of
 * COLUMN_MESSAGES UIDs in one value, so that who wants it of all messages
 * reads little.  What such a value has not, or where it is damaged, is made
 * anew; it goes as a whole when one of its messages does.
 */
#ifndef INDEX_COLUMN_H
#define INDEX_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct kv_cursor;
struct kv_txn;

/* A column is a number below COLUMNS. */
enum { COLUMNS = 3, COLUMN_MESSAGES = 128, COLUMN_ENTRY_MAX = UINT16_MAX };

/* Walking over a column in the order of UIDs. */
struct column_walk {
	struct kv_cursor *cursor; /* NULL: not begun */
	uint32_t box;
	unsigned column;
	uint64_t first;    /* UID of the value at hand */
	struct slice rest; /* of that value, not passed yet */
};

/* What column W has of UID, which is above those asked for before: borrowed as
 * long as T's snapshot lasts.  Ended by column_walk_close, before T. */
enum found column_walk(struct column_walk *w, struct kv_txn *t, uint32_t uid,
    struct slice *bytes, struct err *err);
void column_walk_close(struct column_walk *w);

/* Is A in the value that B is in? */
bool column_same(uint32_t a, uint32_t b);
/* Add UID's BYTES (COLUMN_ENTRY_MAX at most) to VALUE, which has lower ones
 * only. */
void column_add(struct buf *value, uint32_t uid, struct slice bytes);
/* Write VALUE, which has UID: over what stands there of the same messages, and
 * beside the rest. */
int column_put(struct kv_txn *t, unsigned column, uint32_t box, uint32_t uid,
    struct slice value, struct err *err);
/* What all columns have of UID (and those around it) goes. */
int column_drop(struct kv_txn *t, uint32_t box, uint32_t uid, struct err *err);

#endif
