/* SPDX-License-Identifier: ISC */
/* What the last view of a mailbox opened with, until the mailbox changes. */
#ifndef STORE_SEED_H
#define STORE_SEED_H

#include <stdbool.h>

struct ix_box;
struct keyword_set;
struct mailbox;
struct picture;

/* M, of whose keywords messages have USED, looks like P as of B. */
void seed_save(struct mailbox *m, const struct ix_box *b,
    const struct picture *p, const struct keyword_set *used);
/* Into P, which is empty, and USED; false: B has changed. */
bool seed_take(const struct mailbox *m, const struct ix_box *b,
    struct picture *p, struct keyword_set *used);
void seed_free(struct mailbox *m);

#endif
