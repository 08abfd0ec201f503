/* SPDX-License-Identifier: ISC */
/* Going through all messages in the order of ids, whether they are in memory or
 * away.  Nothing else may be done to the queue between begin and end. */
#ifndef QMGR_QUEUE_QWALK_H
#define QMGR_QUEUE_QWALK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "qmgr/queue/qrecord.h"

struct qwalk {
	struct arena arena;
	struct qrecord ahead;
	bool has_ahead, at_end;
	struct message *loaded;
	unsigned loads; /* files that were read */
	char at[ENVELOPE_ID_BYTES];
};

/* From the first behind AFTER on. */
void qwalk_begin(struct qwalk *w, struct slice after);
/* The next in R, which has its id, state, place, attempts and times, and where
 * it is known the rest, until the next call; false at the end. */
bool qwalk_next(struct qwalk *w, struct qrecord *r);
/* See to it that R is known, and with WHOLE that it is whole; false: its file
 * cannot be read. */
bool qwalk_know(struct qwalk *w, struct qrecord *r, bool whole);
/* Instead of begin and next: for ID alone, in R. */
void qwalk_one(struct qwalk *w, struct qrecord *r, const char *id);
void qwalk_end(struct qwalk *w);

#endif
