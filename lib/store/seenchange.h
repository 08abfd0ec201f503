/* SPDX-License-Identifier: ISC */
/* Changing what a guest has seen (seen.h). */
#ifndef STORE_SEENCHANGE_H
#define STORE_SEENCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct copy_pair;
struct err;
struct ix_box;
struct mailbox;
struct seen_change;
struct tx;

/* A transaction that changes flags in M, *C where that is opened for a guest:
 * _note of each message before it has another \Seen, and _write before the
 * commit; _end behind it. */
int seen_begin(struct mailbox *m, const struct tx *tx, const struct ix_box *b,
    struct seen_change **c, struct err *err);
void seen_note(struct seen_change *c, uint32_t uid, bool seen);
int seen_write(
    struct seen_change *c, struct tx *tx, struct ix_box *b, struct err *err);
void seen_end(struct seen_change **c, bool committed);

/* What he has brought to M, or copied from a mailbox that is opened for him as
 * well, he has seen (seen_mark.c).  It does not matter if that fails. */
void seen_mark(struct mailbox *m, const uint32_t *uids, size_t n);
void seen_mark_copies(const struct mailbox *from, struct mailbox *to,
    const struct copy_pair *pairs, size_t n);

#endif
