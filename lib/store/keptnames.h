/* SPDX-License-Identifier: ISC */
/* The keywords of kept messages by their names. */
#ifndef STORE_KEPTNAMES_H
#define STORE_KEPTNAMES_H

#include <stdbool.h>

#include "base/err.h"

struct filename;
struct ix_box;
struct kept_message;
struct keptnames;
struct keyword_set;
struct mailbox;
struct tx;

/* Are A and B in one directory?  NULL is nowhere. */
bool keptnames_same(const struct kept_message *a, const struct kept_message *b);
/* Of messages that are brought back into TO, which stays open. */
struct keptnames *keptnames_new(struct mailbox *to);
void keptnames_free(struct keptnames **n);
/* The numbers that those of K, whose name is F, have in the mailbox, whose
 * record is B, in TX; those that are new are made.  K stays as it is until the
 * next call. */
int keptnames_resolve(struct keptnames *n, struct tx *tx, struct ix_box *b,
    const struct kept_message *k, const struct filename *f,
    struct keyword_set *set, struct err *err);
/* TX came to nothing. */
void keptnames_undo(struct keptnames *n);

#endif
