/* SPDX-License-Identifier: ISC */
/*
 * Changing an account: one transaction of its index, during which no other
 * process changes the account, with the renames and unlinks that belong to
 * it.  A file operation comes before the record that tells of it is committed;
 * doc/store-format.md says what a crash in between leaves.
 */
#ifndef INDEX_TX_H
#define INDEX_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "index/record.h"
#include "maildir/dirs.h"

struct index;
struct keyword_set;
struct kv_txn;

struct tx {
	struct index *ix;
	struct kv_txn *t;
	struct ix_meta meta;
	uint64_t modseq; /* at the begin */
	bool pended;     /* something is left to be done later */
	uint64_t used_bytes, used_messages; /* store/quota.h */
};

/* ROOM: how many bytes will be written at most. */
enum { TX_ROOM = 8 << 20, TX_ROOM_MSG = 2048 };
/* Waits for the turn to write.  The index stays as clean as it is. */
int tx_start(struct index *ix, size_t room, struct tx *tx, struct err *err);
/* Before the first change of who does not open, build or settle the index: it
 * is no longer clean. */
int tx_soil(struct tx *tx, struct err *err);
/* Ends it either way; index.h, on_commit. */
int tx_commit(struct tx *tx, struct err *err);
void tx_abort(struct tx *tx);

/* Number a change. */
int tx_log(struct tx *tx, struct ix_box *b, uint32_t uid, enum ix_log_kind kind,
    struct err *err);

/* A message enters B with UID (below b->uidnext already); hot->modseq is set
 * here, and what it says of KEYWORDS.  The caller stores B (ix_put_box) after
 * this and the next ones. */
int tx_add(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    const struct ix_msg *msg, const struct keyword_set *keywords,
    struct err *err);
int tx_gone(struct tx *tx, struct ix_box *b, uint32_t uid, struct err *err);
/* The same of a message whose record is HOT, and whose wire size VSIZE. */
int tx_gone_known(struct tx *tx, struct ix_box *b, uint32_t uid,
    const struct ix_hot *hot, int64_t vsize, struct err *err);
/* Remove the records of a message, whose own is HOT: no sum and no number of a
 * change. */
int tx_forget(struct tx *tx, uint32_t box, uint32_t uid,
    const struct ix_hot *hot, struct err *err);
/* Set the bits and keywords of a message whose record is *HOT; a change that
 * clients see is logged. */
int tx_change(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    uint32_t bits, const struct keyword_set *keywords, struct err *err);
/* Its wire size turned out to be another. */
int tx_resize(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_msg *msg,
    int64_t size, int64_t vsize, struct err *err);

/* Note that the name of UID is behind its flags; it follows soon. */
void tx_pend(struct tx *tx, struct ix_box *b, uint32_t uid);

/* Directory times: our own changes between begin and end are not taken for
 * those of others. */
void tx_times_end(
    struct maildir_times t, const struct maildir *d, struct ix_box *b);
/* The same where only PART was changed, whose time was BEFORE_NS. */
void tx_time_end(int64_t before_ns, enum maildir_part part,
    const struct maildir *d, struct ix_box *b);
/* The same of the account's directory, whose maildir_names_time was BEFORE_NS.
 * Negative: others may have slipped in; looked at when that would show. */
void tx_names_end(struct tx *tx, int64_t before_ns);

#endif
