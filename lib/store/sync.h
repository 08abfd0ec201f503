/* SPDX-License-Identifier: ISC */
/* A mailbox's record and transactions. */
#ifndef STORE_SYNC_H
#define STORE_SYNC_H

#include <stddef.h>

#include "base/err.h"

struct ix_box;
struct mailbox;
struct tx;

/* The record of M, and its keywords as of then.  ERR_PERM [NONEXISTENT] when it
 * is no more. */
int sync_read_box(struct mailbox *m, struct ix_box *b, struct err *err);
/* Enter M and begin a transaction with its record in B; the same errors. */
int sync_begin(struct mailbox *m, size_t room, struct tx *tx, struct ix_box *b,
    struct err *err);
/* Look at M's directories now: a file is not where the index has it. */
int sync_scan(
    struct tx *tx, struct mailbox *m, struct ix_box *b, struct err *err);

#endif
