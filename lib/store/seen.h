/* SPDX-License-Identifier: ISC */
/*
 * \Seen of a guest's own in a shared mailbox: a set of UIDs, which is laid over
 * the messages wherever they are read through a mailbox that was opened for him
 * (mailbox_open_for).  The set is in memory, its truth in a file of the mailbox
 * (maildir/seenfile.h), which an index that is built anew does not touch.  A
 * change gives the message another mod-sequence, as any change of flags.
 */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct aclfile;
struct ix_box;
struct kv_txn;
struct mailbox;
struct seen;
struct tx;

/* Once for M, which was made for GUEST. */
void seen_new(struct mailbox *m, struct slice guest);
void seen_free(struct mailbox *m);
bool seen_is_of(const struct mailbox *m, struct slice guest);

/* The file is read where it is another one by now; M, whose record is B, was
 * entered.  Before each of those below. */
int seen_refresh(struct mailbox *m, const struct ix_box *b, struct err *err);
/* What of BITS, of the message UID, are its flags for who M was opened for. */
unsigned seen_flags(const struct mailbox *m, uint32_t uid, uint32_t bits);
/* How many messages he has not seen, in the snapshot T. */
int seen_unseen(struct mailbox *m, struct kv_txn *t, const struct ix_box *b,
    uint32_t *n, struct err *err);

/* A transaction that changes flags in M: _begin, _note of each message before
 * it has another \Seen, and _write before the commit; _end behind it. */
struct seen_change;
int seen_begin(struct mailbox *m, const struct tx *tx, const struct ix_box *b,
    struct seen_change **c, struct err *err);
void seen_note(struct seen_change *c, uint32_t uid, bool seen);
int seen_write(
    struct seen_change *c, struct tx *tx, struct ix_box *b, struct err *err);
void seen_end(struct seen_change **c, bool committed);

/* What he has brought to M, or copied from a mailbox that is opened for him as
 * well, he has seen (seen_mark.c).  It does not matter if that fails. */
struct copy_pair;
void seen_mark(struct mailbox *m, const uint32_t *uids, size_t n);
void seen_mark_copies(const struct mailbox *from, struct mailbox *to,
    const struct copy_pair *pairs, size_t n);

/* What guests have seen who may not read it any more, by the entries F, goes
 * from the directory DIRFD.  Of groups nobody here knows who is in them, so
 * while one may read it nothing goes. */
void seen_forget(int dirfd, const struct aclfile *f, struct slice domain);

#endif
