/* SPDX-License-Identifier: ISC */
/*
 * A session's picture of a mailbox: which UID stands at which sequence number
 * (1..count).  It changes only in view_sync, which tells what happened since,
 * so the session decides when the client hears of it (RFC 3501 7.4.1).
 * Costs 8 bytes for each run of UIDs without a gap.
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct flags_change;
struct mailbox;

struct view;

enum view_open_flags {
	VIEW_READONLY = 1 << 0, /* EXAMINE: leaves \Recent to others */
};

/* A picture of M, which stays open as long: view_fill takes it, after a look at
 * the directories, some at a time.  *MORE: call again; nothing else may be
 * asked of it before.  After -1 close it.  _open: all at once. */
struct view *view_new(struct mailbox *m, unsigned flags);
int view_fill(struct view *v, bool *more, struct err *err);
struct view *view_open(struct mailbox *m, unsigned flags, struct err *err);
void view_close(struct view **v);
struct mailbox *view_mailbox(const struct view *v);
uint32_t view_count(const struct view *v);
/* The UID at SEQ (1..count). */
uint32_t view_uid(const struct view *v, uint32_t seq);
/* The sequence number of UID; 0 when it is not in the picture. */
uint32_t view_seq(const struct view *v, uint32_t uid);
/* The first sequence number whose UID is at least UID; count+1 if none. */
uint32_t view_seq_from(const struct view *v, uint32_t uid);
bool view_recent(const struct view *v, uint32_t uid);
uint32_t view_recents(const struct view *v);
/* HIGHESTMODSEQ of the mailbox as the picture shows it. */
uint64_t view_modseq(const struct view *v);
/* At most so many changes of the account came after MODSEQ, as of then. */
uint64_t view_modseq_distance(const struct view *v, uint64_t modseq);
/* No message had this UID or a later one, as of then. */
uint32_t view_uidnext(const struct view *v);

bool view_untold(const struct view *v);
/* Messages that are gone and still have numbers. */
uint32_t view_pending(const struct view *v);

/* Is MODSEQ of a change that view_flags made, SILENT, since the last sync? */
bool view_is_own(const struct view *v, uint64_t modseq);
/* What view_flags did for this session since the last sync is told after all.
 */
void view_tell_own(struct view *v);
/* message_flags for this session: with SILENT it is not told of that, but
 * where it was not told before of what another one did to the message. */
int view_flags(struct view *v, const uint32_t *uids, size_t n,
    const struct flags_change *change, bool silent, struct buf *failed,
    struct err *err);

#endif
