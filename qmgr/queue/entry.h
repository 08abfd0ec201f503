/* SPDX-License-Identifier: ISC */
/*
 * Every accepted message has an entry: the little that must be known of it
 * while its file waits on disk.  All entries stand in a tree by id, which is
 * the order of arrival (spool_new_id); those that wait for their next attempt
 * stand in a heap by its time as well.  Each costs O(log n).
 */
#ifndef QMGR_QUEUE_ENTRY_H
#define QMGR_QUEUE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

#include "base/buf.h"
#include "base/heap.h"
#include "qmgr/queue/spool.h"

struct message;

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
	struct heap_node due;        /* key: wall clock, ms */
	struct message *message;     /* while active */
	struct unwritten *unwritten; /* NULL: nothing */
	int64_t arrived_us;
	uint32_t attempts;
	uint8_t state;
	uint8_t place;
	bool hold_wanted; /* hold it when its deliveries have ended */
	bool delete_wanted;
	char id[ENVELOPE_ID_BYTES];
};

void entry_init(void);
/* NULL when an entry of that id exists already. */
struct entry *entry_add(
    const char *id, enum spool_place place, int64_t arrived_us);
struct entry *entry_find(struct slice id);
void entry_free(struct entry **e);
/* Its file has what was still to be written. */
void entry_written(struct entry *e);
uint64_t entry_count(void);

/* Wait until AT_MS (wall clock); 0 is at once, the oldest first. */
void entry_wait(struct entry *e, int64_t at_ms);
void entry_hold(struct entry *e);
void entry_activate(struct entry *e, struct message *m);
/* The one that is due first; NULL when none waits. */
struct entry *entry_first_due(void);

/* In order of arrival: the first, or the one after E. */
struct entry *entry_next(const struct entry *e);
/* The first behind ID, which may be gone. */
struct entry *entry_after(struct slice id);

#endif
