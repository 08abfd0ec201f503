/* SPDX-License-Identifier: ISC */
/*
 * Messages that wait: in memory (qmgr/queue/entry.h), in the index
 * (qmgr/queue/qindex.h), or both.  In memory is what is active, what is due in
 * the next moment, and what the index does not have yet; all else that waits
 * or is held is away, and comes back when its time has come or somebody asks
 * for it.  Without an index everything is in memory.
 *
 * What the index is to be told is collected, and written in one transaction
 * when a turn of the loop ends, or before the index is read.  The steps are
 * such that after the end of the process at any moment a record is right, or
 * its file is younger than the index, and is read; a message without a record
 * is found by its name, and a record without a message dropped
 * (doc/queue-format.md).
 *
 * Times in records are of the queue's clock: the wall clock, as it would be had
 * nobody set it since the index was made.  So waits go on over a restart as
 * they do while the process runs.
 */
#ifndef QMGR_QUEUE_WAITING_H
#define QMGR_QUEUE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct entry;
struct message;

/* RESCAN is called, never from inside, when the index was lost: what was away
 * is to be read from the files. */
void waiting_init(void (*rescan)(void));
/* Open the index beneath SPOOL_DIR (kept), in the run of the kernel BOOT_ID
 * ("": not known); where there is none that can be believed, it is made. */
void waiting_open(int spool_dir, const char *boot_id);
/* Write what there is to write, on disk. */
void waiting_close(void);
/* Write it now; entries may go away. */
void waiting_flush(void);

/* The entry of M waits or is held, as it says, and M is right; PUT_OFF: an
 * attempt has failed, so that its file goes to cur/ when the index has it.  It
 * may be away when the turn ends. */
void waiting_put(struct message *m, bool put_off);
/* The state of E, which waits or is held, or its time, has changed. */
void waiting_change(struct entry *e);
/* E's message has left the queue, or is in bad/. */
void waiting_drop(struct entry **e);

/* The one that is due first; NULL when none waits. */
struct entry *waiting_first_due(void);
/* The message ID, wherever it is, with its place; NULL: there is none.  Who has
 * no more use for it calls waiting_settle, after which E may be away. */
struct entry *waiting_recall(struct slice id);
void waiting_settle(struct entry *e);

/* A time of the queue's clock as one of the wall clock. */
int64_t waiting_wall_ms(int64_t queue_ms);

#endif
