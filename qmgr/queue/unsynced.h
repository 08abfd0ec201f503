/* SPDX-License-Identifier: ISC */
/*
 * What became of messages and is not on disk yet: result lines, removals, other
 * lines behind a message.  Nobody waits for it, and after a power cut it would
 * be done once more, so it goes along with the next sync of the spool, which
 * comes a second later when no mail does.
 */
#ifndef QMGR_QUEUE_UNSYNCED_H
#define QMGR_QUEUE_UNSYNCED_H

struct durable;

void unsynced_start(struct durable *d);
void unsynced_stop(void);
/* Something has just been written, renamed or removed. */
void unsynced_note(void);

#endif
