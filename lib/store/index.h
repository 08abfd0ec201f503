/* SPDX-License-Identifier: ISC */
/*
 * Records of an account's index.  They are built from the files and thrown
 * away with the index, so their form may change with INDEX_VERSION alone.
 *
 *     !               struct ix_meta
 *     B <box>         struct ix_box's stored part, name, 0, directory, 0
 *     N <name>        <box>
 *     F <box> <uid>   struct ix_hot: what changes
 *     M <box> <uid>   struct ix_msg, the file's name
 *     C <box> <uid>   what was made of the message (message_cache)
 *     L <modseq>      struct ix_log: the change that got this number
 *
 * The log has one entry for each message, at its latest change, and one for
 * each message or mailbox that is gone; of the latter the oldest are dropped
 * when there are many, and log_floor is the number of the last one dropped.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "store/mailbox.h"
#include "store/name.h"
#include "sys/kv.h"

enum { INDEX_VERSION = 1, IX_KEY = 16, IX_FILE_NAME = 256 };

struct ix_meta {
	uint64_t modseq; /* of the last change */
	uint64_t log_floor;
	uint64_t bytes;
	uint64_t messages;
	uint64_t gone; /* entries in the log for what is gone */
	int64_t dir_mtime_ns;
	uint32_t next_box;
	uint32_t last_uidvalidity;
	uint32_t clean; /* on disk as it is, see account.c */
	uint32_t pad;
};

enum ix_box_bits { BOX_UNSURE = 1 << 0 /* a change may have been missed */ };

struct ix_box {
	uint64_t modseq;
	uint64_t bytes;
	int64_t cur_mtime_ns;
	int64_t new_mtime_ns;
	uint32_t box;
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint32_t ceiling;
	uint32_t first_recent; /* UIDs from here on are nobody's \Recent yet */
	uint32_t messages;
	uint32_t unseen;
	uint32_t deleted;
	uint32_t special;
	uint32_t bits;
	uint32_t pending_from; /* names behind lie in [from, to) */
	uint32_t pending_to;
	uint32_t keywords; /* grows with the table of keywords */
	char id[MAILBOX_ID_SIZE];
	/* From here on as strings. */
	char name[NAME_LIMIT + 1];
	char dir[NAME_DIR_LIMIT + 1];
};

enum ix_hot_bits {
	HOT_NEW = 1 << 8,     /* the file is in new/ */
	HOT_PENDING = 1 << 9, /* its name does not show the flags */
	HOT_SURE = 1 << 10,   /* vsize was counted, not believed */
};

struct ix_hot {
	uint64_t modseq;
	uint32_t bits; /* enum message_flag | enum ix_hot_bits */
	uint32_t keywords;
};

struct ix_msg {
	int64_t size;
	int64_t vsize;
	int64_t date_s;
	int64_t sent_s;
	int64_t saved_s;
	uint64_t email_id;
	uint64_t thread_id;
	char file[IX_FILE_NAME]; /* stored up to its end */
};

enum ix_log_kind { LOG_MSG = 1, LOG_GONE, LOG_BOX };

struct ix_log {
	uint32_t box;
	uint32_t uid;
	uint32_t kind;
};

/* Keys; BUF has IX_KEY bytes. */
struct slice ix_key(char *buf, char type, uint32_t box, uint32_t uid);
struct slice ix_log_key(char *buf, uint64_t modseq);
/* False when KEY is of another type or box. */
bool ix_key_uid(struct slice key, char type, uint32_t box, uint32_t *uid);
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
enum found ix_get_msg(struct kv_txn *t, uint32_t box, uint32_t uid,
    struct ix_msg *m, struct err *err);
int ix_put_msg(struct kv_txn *t, uint32_t box, uint32_t uid,
    const struct ix_msg *m, struct err *err);

/* Values as they are stored; false when they cannot be right. */
bool ix_read_hot(struct slice v, struct ix_hot *h);
bool ix_read_msg(struct slice v, struct ix_msg *m);
bool ix_read_log(struct slice v, struct ix_log *l);

/* The name that the file of message UID should have by the index; TO has
 * IX_FILE_NAME bytes. */
void index_file_name(
    char *to, const struct ix_msg *msg, const struct ix_hot *hot, uint32_t uid);

#endif
