/* SPDX-License-Identifier: ISC */
/*
 * What a client has missed since a mod-sequence (RFC 7162 3.1.4.1, 3.2.5,
 * 3.2.6): SELECT with QRESYNC and FETCH with CHANGEDSINCE.  Where the log does
 * not reach back so far, each UID that is not there counts as gone, which is
 * more than need be and never less.
 */
#ifndef IMAPD_SELECTED_RESYNC_H
#define IMAPD_SELECTED_RESYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "proto/seqset.h"
#include "store/view_since.h"

struct arena;
struct buf;
struct seqwalk;
struct view;

struct resync {
	struct view_since log;
	bool vanished;       /* to be told */
	struct seqset known; /* resolved: UIDs that the client asks for */
	uint32_t same;       /* it has all and only those below, or at it */
	bool read_log;
};

/* W has the messages that the client asks for, and gets those that changed
 * since MODSEQ. */
void resync_init(struct resync *r, struct seqwalk *w, uint64_t modseq);
void resync_fini(struct resync *r);
/* Tell of messages with UIDs in KNOWN (as parsed; NULL: any) as well. */
void resync_want_vanished(struct resync *r, const struct view *v,
    const struct seqset *known, struct arena *a);
/* Numbers at which the client had UIDS (RFC 7162 3.2.5.2); as parsed. */
void resync_match(struct resync *r, const struct view *v,
    const struct seqset *seqs, const struct seqset *uids);
/* *MORE: call again.  At the end VANISHED is written to OUT. */
int resync_step(struct resync *r, struct seqwalk *w, struct arena *a,
    struct buf *out, bool *more, struct err *err);

#endif
