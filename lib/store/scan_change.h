/* SPDX-License-Identifier: ISC */
/* What other programs did to the file of a message that the index knows. */
#ifndef STORE_SCAN_CHANGE_H
#define STORE_SCAN_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ix_box;
struct ix_hot;
struct ix_msg;
struct keyword_table;
struct listing_entry;
struct maildir;
struct tx;

struct scan_change {
	struct tx *tx;
	struct ix_box *b;
	const struct maildir *d;
	const struct keyword_table *table;
	uint32_t uid;
	struct listing_entry *e; /* the file's name now; NULL: it is gone */
};

/* Does E have the name and place that the index has? */
bool scan_change_none(const struct listing_entry *e, const struct ix_hot *hot,
    const struct ix_msg *msg);
/* Bring the record in line.  ABSENT: it is already, or the message is gone;
 * what E is then has to be found out. */
enum found scan_change_apply(const struct scan_change *c, struct err *err);

#endif
