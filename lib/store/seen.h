/* SPDX-License-Identifier: ISC */
/*
 * \Seen of a guest's own in a shared mailbox: a set of UIDs, which is laid over
 * the messages wherever they are read through a mailbox that was opened for him
 * (mailbox_open_for).  The set is in memory, its truth in a file of the mailbox
 * (maildir/seenfile.h), which an index that is built anew does not touch.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct ix_box;
struct kv_txn;
struct mailbox;

/* The file is read where it is another one by now; M, whose record is B, was
 * entered.  Before each of those below. */
int seen_refresh(struct mailbox *m, const struct ix_box *b, struct err *err);
/* What of BITS, of the message UID, are its flags for who M was opened for. */
unsigned seen_flags(const struct mailbox *m, uint32_t uid, uint32_t bits);
/* How many messages he has not seen, in the snapshot T. */
int seen_unseen(struct mailbox *m, struct kv_txn *t, const struct ix_box *b,
    uint32_t *n, struct err *err);

#endif
