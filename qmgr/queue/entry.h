/* SPDX-License-Identifier: ISC */
/*
 * An accepted message has an entry: the little that must be known of it while
 * its file is on disk.  All entries stand in a tree by id, which is the order
 * of arrival (spool_new_id); those that wait for their next attempt stand in a
 * heap by its time as well.  Each costs O(log n).
 *
 * Of those that wait or are held most are away, and only counted here
 * (qmgr/queue/entry_away.h).
 *
 * Somebody may set the wall clock, and it may be wrong when the host starts. So
 * it is asked for what stands in files; while the process runs, waits and ages
 * go on with the clock that only runs forward.  entry_is_older says what that
 * means for what comes of an age.
 */
#ifndef QMGR_QUEUE_ENTRY_H
#define QMGR_QUEUE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

#include "base/buf.h"
#include "base/heap.h"
#include "qmgr/queue/spool.h"

enum entry_state {
	ENTRY_WAITING, /* in the heap until its next attempt */
	ENTRY_ACTIVE,  /* in memory, being delivered */
	ENTRY_HELD,    /* an administrator holds it */
};

/* What the file of an entry is behind with (qmgr/queue/tail.h). */
struct unwritten {
	int64_t end; /* what stands behind must be cut off first; -1: nothing */
	struct buf lines;
};

struct entry {
	RB_ENTRY(entry) all;
	struct heap_node due;          /* key: of clock_ms */
	struct message *message;       /* while active */
	struct unwritten *unwritten;   /* NULL: nothing */
	struct waiting_change *change; /* not yet in the index; NULL: none */
	int64_t arrived_us;            /* wall clock; 0: not known yet */
	int64_t seen_ms;               /* of clock_ms: since when we know it */
	uint32_t attempts;
	uint32_t at_site, of_login; /* where it is crowded */
	bool urgent;
	uint8_t soons; /* rounds in a row with trouble of our own */
	uint8_t state, place;
	bool hold_wanted; /* hold it when its deliveries have ended */
	bool delete_wanted;
	bool own;      /* no other process ever had a descriptor of its file */
	bool unlisted; /* its message is not accepted yet */
	bool crowded;  /* it counts in qmgr/queue/crowd.h */
	bool indexed;  /* the index has a record of it, maybe an older one */
	char id[ENVELOPE_ID_BYTES];
};

void entry_init(void);
/* NULL when an entry of that id exists already. */
struct entry *entry_add(
    const char *id, enum spool_place place, int64_t arrived_us);
/* One that nobody finds until entry_list puts it among the others. */
struct entry *entry_unlisted(
    const char *id, enum spool_place place, int64_t arrived_us);
void entry_list(struct entry *e);
struct entry *entry_find(struct slice id);
void entry_free(struct entry **e);
/* Its file has what was still to be written. */
void entry_written(struct entry *e);
/* Those that are away, too. */
uint64_t entry_count(void);

/* Wait until AT_MS (wall clock); 0 is at once, the oldest first. */
void entry_wait(struct entry *e, int64_t at_ms);
void entry_hold(struct entry *e);
void entry_activate(struct entry *e, struct message *m);
/* The one that is due first; NULL when none waits. */
struct entry *entry_first_due(void);
/* So long until E, which waits, is due: <= 0 is now. */
int64_t entry_wait_ms(const struct entry *e);

/* How long ago E came by the wall clock, for people; never negative. */
int64_t entry_age_ms(const struct entry *e);
/*
 * Is E older than MS, so that something may come of it (a report, its end)?
 * Yes if this process has known it for so long.  Of what came before it, or
 * before the clock was set, its file is a witness, and is believed when the
 * wall clock says so twice: when the process began and now, an hour later at
 * least.
 */
bool entry_is_older(const struct entry *e, int64_t ms);

/* In order of arrival: the first, or the one after E. */
struct entry *entry_next(const struct entry *e);
/* The first behind ID, which may be gone. */
struct entry *entry_after(struct slice id);

#endif
