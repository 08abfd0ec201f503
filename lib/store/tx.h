/* SPDX-License-Identifier: ISC */
/*
 * Changing an account: one transaction of its index, during which no other
 * process changes the account, with the renames and unlinks that belong to
 * it.  A file operation comes before the record that tells of it is committed;
 * doc/store-format.md says what a crash in between leaves.
 */
#ifndef STORE_TX_H
#define STORE_TX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/index.h"
#include "store/inner.h"

struct tx {
	struct account *a;
	struct kv_txn *t;
	struct ix_meta meta;
	uint64_t modseq; /* at the begin */
	bool pended;     /* names are behind: see idle.c */
};

/* ROOM: how many bytes will be written at most. */
enum { TX_ROOM = 8 << 20, TX_ROOM_MSG = 1024 };
int tx_begin(struct account *a, size_t room, struct tx *tx, struct err *err);
/* The same for who is opening, building or settling the index: it is open, and
 * stays as clean as it is. */
int tx_start(struct account *a, size_t room, struct tx *tx, struct err *err);
/* Ends it either way.  The watches are told when something changed. */
int tx_commit(struct tx *tx, struct err *err);
void tx_abort(struct tx *tx);

/* The same with M entered and its record in B; ERR_PERM [NONEXISTENT] when it
 * is no more. */
int mailbox_begin(struct mailbox *m, size_t room, struct tx *tx,
    struct ix_box *b, struct err *err);
/* Look at M's directories now: a file is not where the index has it. */
int mailbox_scan(struct tx *tx, struct mailbox *m, struct ix_box *b,
    size_t *room, struct err *err);

/* Number a change. */
int tx_log(struct tx *tx, struct ix_box *b, uint32_t uid, enum ix_log_kind kind,
    struct err *err);

/* A message enters B with UID (below b->uidnext already); hot->modseq is set
 * here.  The caller stores B (ix_put_box) after this and the next ones. */
int tx_add(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    const struct ix_msg *msg, struct err *err);
int tx_gone(struct tx *tx, struct ix_box *b, uint32_t uid, struct err *err);
/* Set the bits and keywords of a message whose record is *HOT; a change that
 * clients see is logged. */
int tx_change(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    uint32_t bits, uint32_t keywords, struct err *err);
/* Its wire size turned out to be another. */
int tx_resize(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_msg *msg,
    int64_t size, int64_t vsize, struct err *err);

/* Take the next UID of B; DIRFD is the mailbox's directory. */
int tx_uid(struct ix_box *b, int dirfd, uint32_t *uid, struct err *err);
/* A UIDVALIDITY that no mailbox of the account has had. */
uint32_t tx_uidvalidity(struct tx *tx);
/* Note that the name of UID is behind its flags; it follows soon. */
void tx_pend(struct tx *tx, struct ix_box *b, uint32_t uid);

/* Directory times: our own changes between begin and end are not taken for
 * those of others. */
struct tx_times {
	int64_t cur_ns;
	int64_t new_ns;
};
struct tx_times tx_times_begin(const struct box_dirs *d);
void tx_times_end(
    struct tx_times t, const struct box_dirs *d, struct ix_box *b);
int64_t dir_mtime_ns(int fd);

#endif
