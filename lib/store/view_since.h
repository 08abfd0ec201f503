/* SPDX-License-Identifier: ISC */
/*
 * What happened in a mailbox after a mod-sequence that a client knows, and up
 * to what a picture of it shows (RFC 7162 3.2.5): read from the log, a step at
 * a time, so that it costs what changed and not what there is.
 */
#ifndef STORE_VIEW_SINCE_H
#define STORE_VIEW_SINCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct view;

struct view_since {
	uint64_t modseq; /* how far the log was read */
	bool begun;
	bool cut; /* it does not reach back so far: each UID that is not in the
		     picture may have gone since */
	bool all; /* nothing is known of that number, or it is long ago: each
		     message may have changed */
	/* uint32_t one behind the other, ascending at the end: UIDs that are
	 * gone, and not in the picture; that changed, and may be in it. */
	struct buf gone;
	struct buf changed;
};

void view_since_init(struct view_since *w, uint64_t modseq);
void view_since_fini(struct view_since *w);
/* *MORE: call again. */
int view_since_step(
    struct view *v, struct view_since *w, bool *more, struct err *err);

#endif
