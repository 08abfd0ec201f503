/* SPDX-License-Identifier: ISC */
/* Keeping what is expunged (maildir/keptdir.h), in the transaction that
 * expunges it. */
#ifndef STORE_KEEP_H
#define STORE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "maildir/dirs.h"
#include "maildir/kwlog.h"
#include "store/keepsum.h"

struct ix_box;
struct ix_hot;
struct ix_msg;
struct mailbox;
struct tx;

struct keeping {
	struct maildir to; /* closed: nothing is kept */
	struct kwlog log;
	int64_t now_s;
	struct keepsum sum;  /* of today */
	uint64_t room_bytes; /* for today */
	bool changed;
};

/* Make ready for what M, whose record is B, loses in TX; end in any case. */
int keep_begin(struct keeping *k, struct tx *tx, struct mailbox *m,
    const struct ix_box *b, struct err *err);
/* As maildir_remove, but kept where it shall be and there is room. */
enum found keep_message(struct keeping *k, struct tx *tx, struct mailbox *m,
    uint32_t uid, const struct ix_hot *hot, const struct ix_msg *msg,
    struct err *err);
/* Before TX is committed. */
int keep_end(struct keeping *k, struct tx *tx, struct err *err);

/* Where the mailbox whose record is B, deleted in TX, is kept: *FD is a
 * directory, -1 where it is not. */
int keep_mailbox(
    struct tx *tx, const struct ix_box *b, int *fd, struct err *err);

#endif
