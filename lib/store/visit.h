/* SPDX-License-Identifier: ISC */
/* Looking over many messages of a mailbox in one snapshot of its index, where
 * nothing is copied that is not asked for. */
#ifndef STORE_VISIT_H
#define STORE_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "store/message.h"

struct mailbox;
struct walk;

/* What a visit is to know of each message beside its UID, flags and modseq. */
enum visit_want {
	VISIT_SIZES = 1 << 0, /* sizes, dates, ids */
	VISIT_KEYWORDS = 1 << 1,
};

struct visit {
	struct message_info info; /* 0 where it was not asked for */
	struct walk *walk;
};

/* Visit messages in order, from UID FIRST on, in one snapshot of the index,
 * until VISIT says false: for who looks through many of them.  The visitor asks
 * nothing else of the store. */
int visit_messages(struct mailbox *m, uint32_t first, unsigned want,
    bool (*visit)(void *arg, struct visit *v), void *arg, struct err *err);
/* What was made of the message and is in the index by now, for the time of the
 * visit. */
enum found visit_cached(struct visit *v, struct slice *bytes, struct err *err);
/* What many messages are compared by, kept as message_cache keeps; a longer one
 * is not kept.  It goes with the message, or earlier. */
enum { MESSAGE_COLUMN_MAX = 4096 };
int message_keep_column(struct mailbox *m, uint32_t uid,
    enum message_column column, struct slice bytes, struct err *err);
/* What message_keep_column was given, of one COLUMN for all of a visit. */
enum found visit_column(struct visit *v, enum message_column column,
    struct slice *bytes, struct err *err);
/* What COLUMN has of the messages UIDS (N of them, ascending), in one snapshot
 * as well, whether they are there or not; until VISIT says false, or it has
 * nothing of one. */
int visit_column_of(struct mailbox *m, enum message_column column,
    const uint32_t *uids, size_t n,
    bool (*visit)(void *arg, struct slice bytes), void *arg, struct err *err);
/* All of *INFO, whatever was asked for. */
enum found visit_info(
    struct visit *v, struct message_info *info, struct err *err);

#endif
