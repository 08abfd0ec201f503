/* SPDX-License-Identifier: ISC */
/* Noting where messages go that are moved (keptmoves.h). */
#ifndef STORE_MOVED_H
#define STORE_MOVED_H

#include <stdint.h>

struct account;
struct buf;
struct ix_box;
struct ix_msg;

/* A line to LINES: UID, which came at SAVED_S and went at MOVED_S, is TOUID of
 * TO, where its record is MSG. */
void moved_add(struct buf *lines, uint32_t uid, int64_t moved_s,
    int64_t saved_s, const struct ix_msg *msg, const struct ix_box *to,
    uint32_t touid);
/* Write LINES of A's mailbox FROM down, in the transaction that moves, if such
 * things are kept, and empty them; it is no harm when that fails. */
void moved_note(
    struct account *a, const struct ix_box *from, struct buf *lines);

#endif
