/* SPDX-License-Identifier: ISC */
/* Messages that wait: in memory, in the index, or both. */
#ifndef QMGR_QUEUE_WAITING_H
#define QMGR_QUEUE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct entry;
struct message;

/* Tell the index now what it is to be told; entries may go away. */
void waiting_flush(void);

/* The entry of M waits or is held, as it says, and M is right; PUT_OFF: an
 * attempt has failed, so that its file goes to cur/ when the index has it.  It
 * may be away when the turn ends. */
void waiting_put(struct message *m, bool put_off);
/* The state of E, which waits or is held, or its time, has changed. */
void waiting_change(struct entry *e);
/* E's message has left the queue, or is in bad/. */
void waiting_drop(struct entry **e);

/* The one that is due first, or one that is due; NULL when none waits. */
struct entry *waiting_first_due(void);
/* The message ID, wherever it is, with its place; NULL: there is none.  Who has
 * no more use for it calls waiting_settle, after which E may be away. */
struct entry *waiting_recall(struct slice id);
void waiting_settle(struct entry *e);

/* A time of the queue's clock as one of the wall clock. */
int64_t waiting_wall_ms(int64_t queue_ms);

#endif
