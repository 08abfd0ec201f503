/* SPDX-License-Identifier: ISC */
/* Copying and moving messages within an account: hard links and renames. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mailbox;

/* Copy or move N messages of FROM (UIDS ascending) to the end of TO; those
 * that are gone are left out.  Both stay open until done(), which gets pairs
 * of UIDs (source, target), N of them; on -1 nothing was copied or
 * moved (ERR_PERM ERR_OVER_QUOTA, or ERR_TEMP).  A move within a mailbox gives
 * new UIDs. */
struct copy_pair {
	uint32_t from;
	uint32_t to;
};
struct copy_result {
	int rc;
	struct err err;
	uint32_t uidvalidity;
	size_t n;
	const struct copy_pair *pairs;
};
void message_copy(struct mailbox *from, const uint32_t *uids, size_t n,
    struct mailbox *to, bool move,
    void (*done)(void *arg, const struct copy_result *r), void *arg);

/* The same in steps of some messages, which others see at once; UIDS stay as
 * they are until done().  False: there is no other step, and done() was called
 * or will be.  Once begun, the steps are gone on with until then. */
struct copying;
struct copying *message_copy_new(struct mailbox *from, const uint32_t *uids,
    size_t n, struct mailbox *to, bool move,
    void (*done)(void *arg, const struct copy_result *r), void *arg);
bool message_copy_step(struct copying *c);
/* Before the first step: the copies have none of FLAGS, and of keywords only
 * with KEYWORDS. */
void message_copy_without(struct copying *c, unsigned flags, bool keywords);

#endif
