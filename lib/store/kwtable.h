/* SPDX-License-Identifier: ISC */
/*
 * A mailbox's table of keywords in transactions.  Names come and go together
 * with the messages that have them; dovecot-keywords is written before the
 * record that uses a new letter is committed.
 *
 * B is the mailbox's record, which the caller stores; TABLE is the one in
 * memory, which is read again after a transaction that changed it.
 */
#ifndef STORE_KWTABLE_H
#define STORE_KWTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct maildir;
struct ix_box;
struct keyword_set;
struct keyword_table;
struct kv_txn;
struct tx;

/* Read TABLE as T has it, unless that is what it is. */
int kwtable_load(struct keyword_table *table, struct kv_txn *t,
    const struct ix_box *b, struct err *err);
/* B is new: its table is empty, its files are as they are. */
void kwtable_begin(
    const struct tx *tx, struct ix_box *b, const struct maildir *d);
/* Write down what was changed. */
int kwtable_save(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct err *err);
/* Take what another program made of dovecot-keywords; what messages have is
 * kept. */
int kwtable_sync(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct err *err);
/* The numbers of NAMES (see keywords_check); ADD makes those that are new,
 * ERR_PERM with ERR_LIMIT when the table is full. */
int kwtable_resolve(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct slice names, bool add,
    struct keyword_set *set, struct err *err);
/* The numbers that the keywords USED of the table FROM have in TABLE, which
 * gets those that it lacks: NUMBERS has KEYWORDS_MAX of them. */
int kwtable_map(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, const struct keyword_table *from,
    const struct keyword_set *used, uint16_t *numbers, struct err *err);
/* Free the numbers that no message has; USED (NULL: look) says which have one.
 */
int kwtable_free(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, const struct keyword_set *used,
    struct err *err);
/* pabal-keywords: leave out what counts no more, when that is much. */
int kwtable_compact(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct keyword_table *table, struct err *err);

#endif
