/* SPDX-License-Identifier: ISC */
/* Entries of messages that the index knows (qmgr/queue/waiting.h): they need
 * not be in memory while they wait or are held. */
#ifndef QMGR_QUEUE_ENTRY_AWAY_H
#define QMGR_QUEUE_ENTRY_AWAY_H

#include "qmgr/queue/entry.h"

struct crowd_of;

/* E, which waits or is held, goes away / comes back, as it was known since
 * SEEN_MS; NULL when it is here. */
void entry_evict(struct entry **e);
struct entry *entry_recall(const char *id, enum spool_place place,
    int64_t arrived_us, int64_t seen_ms);
/* E, which came back, counts among those OF while it is here. */
void entry_crowd(struct entry *e, const struct crowd_of *of);
/* How many are away, where that is found anew. */
void entry_set_away(uint64_t n);
uint64_t entry_away(void);

/* E waits until the time AT_MS of clock_ms. */
void entry_wait_until(struct entry *e, int64_t at_ms);
/* How many wait here. */
size_t entry_waiting(void);

#endif
