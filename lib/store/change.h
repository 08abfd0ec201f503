/* SPDX-License-Identifier: ISC */
/* Changing messages of a mailbox (message.h). */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct mailbox;

enum flags_op { FLAGS_SET, FLAGS_ADD, FLAGS_DEL };

struct flags_change {
	enum flags_op op;
	unsigned flags;
	struct slice keywords;    /* names, parted by blanks; in any case */
	unsigned kept;            /* what FLAGS_SET leaves as they are */
	bool keeps_keywords;      /* and these */
	uint64_t unchanged_since; /* RFC 7162; UINT64_MAX: whatever */

	/* May be NULL: told of each message that is changed its mod-sequence
	 * before and after; nothing of it is so when the call fails. */
	void (*on_change)(void *arg, uint64_t before, uint64_t after);
	void *arg;
};

/* Change the N messages UIDS (ascending).  FAILED (may be NULL) gets the UIDs,
 * as uint32_t one behind the other, that unchanged_since kept from it, and
 * where there is one those that are gone.  *FROM and *TO: the new mod-sequences
 * lie in [FROM, TO).  ERR_PERM with ERR_LIMIT: no keyword, or too many of them.
 */
int message_flags(struct mailbox *m, const uint32_t *uids, size_t n,
    const struct flags_change *change, struct buf *failed, uint64_t *from,
    uint64_t *to, struct err *err);

/* Expunge (and keep) those of UIDS that carry \Deleted; ANY: all of them. */
int message_expunge(struct mailbox *m, const uint32_t *uids, size_t n, bool any,
    struct err *err);

#endif
