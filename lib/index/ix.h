/* SPDX-License-Identifier: ISC */
/* Records of an account's index (record.h): their keys, reading, writing. */
#ifndef INDEX_IX_H
#define INDEX_IX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "index/record.h"
#include "maildir/dirs.h"

struct keyword_set;
struct keyword_table;
struct kv_txn;

/* Keys; BUF has IX_KEY bytes. */
struct slice ix_key(char *buf, char type, uint32_t box, uint32_t uid);
struct slice ix_log_key(char *buf, uint64_t modseq);
/* False when KEY is of another type or box. */
bool ix_key_uid(struct slice key, char type, uint32_t box, uint32_t *uid);
bool ix_key_box(struct slice key, char type, uint32_t *box);
bool ix_key_log(struct slice key, uint64_t *modseq);

enum found ix_get_meta(struct kv_txn *t, struct ix_meta *meta, struct err *err);
int ix_put_meta(struct kv_txn *t, const struct ix_meta *meta, struct err *err);

enum found ix_get_box(
    struct kv_txn *t, uint32_t box, struct ix_box *b, struct err *err);
int ix_put_box(struct kv_txn *t, const struct ix_box *b, struct err *err);
int ix_del_box(struct kv_txn *t, const struct ix_box *b, struct err *err);
/* The number of the mailbox called NAME. */
enum found ix_find_box(
    struct kv_txn *t, struct slice name, uint32_t *box, struct err *err);
/* The first mailbox with a number of at least FROM. */
enum found ix_next_box(
    struct kv_txn *t, uint32_t from, struct ix_box *b, struct err *err);

enum found ix_get_hot(struct kv_txn *t, uint32_t box, uint32_t uid,
    struct ix_hot *h, struct err *err);
int ix_put_hot(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct ix_hot *h, struct err *err);
/* All keywords of the message whose record is HOT; those beyond the letters. */
enum found ix_get_keywords(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct ix_hot *hot, struct keyword_set *set, struct err *err);
int ix_put_more(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct keyword_set *set, struct err *err);
/* An empty table when there is none.  Ended by keywords_fini. */
int ix_get_table(struct kv_txn *t, uint32_t box, struct keyword_table *table,
    struct err *err);
int ix_put_table(struct kv_txn *t, uint32_t box,
    const struct keyword_table *table, struct err *err);
enum found ix_get_msg(struct kv_txn *t, uint32_t box, uint32_t uid,
    struct ix_msg *m, struct err *err);
int ix_put_msg(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct ix_msg *m, struct err *err);

int ix_put_cache(struct kv_txn *t, uint32_t box, uint32_t uid,
    struct slice bytes, struct err *err);

/* Values as they are stored; false when they cannot be right. */
bool ix_read_hot(struct slice v, struct ix_hot *h);
bool ix_read_msg(struct slice v, struct ix_msg *m);
bool ix_read_log(struct slice v, struct ix_log *l);

/* Where the message's file is. */
enum maildir_part ix_part(const struct ix_hot *hot);
/* The name that the file of message UID should have by the index; TO has
 * IX_FILE_NAME bytes. */
void ix_file_name(
    char *to, const struct ix_msg *msg, const struct ix_hot *hot, uint32_t uid);

#endif
