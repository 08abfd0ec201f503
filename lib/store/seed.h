/* SPDX-License-Identifier: ISC */
/* What the last view of a mailbox opened with.  The next one begins with it,
 * and reads in the log what has happened since. */
#ifndef STORE_SEED_H
#define STORE_SEED_H

struct ix_box;
struct ix_meta;
struct mailbox;
struct view;

/* V, which has just opened, knows its picture and the keywords that messages
 * have. */
void seed_save(const struct view *v);
/* V, whose picture is empty, goes on from there, unless more must be known of B
 * than the log tells. */
void seed_take(
    struct view *v, const struct ix_meta *meta, const struct ix_box *b);
void seed_free(struct mailbox *m);

#endif
