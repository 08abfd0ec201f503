/* SPDX-License-Identifier: ISC */
/*
 * A round: one attempt at all recipients of a message that are still open.
 * When the last is settled the message is removed, reported on, or put off.
 */
#ifndef QMGR_RUN_ROUND_H
#define QMGR_RUN_ROUND_H

#include <stdbool.h>

struct entry;
struct message;
struct newfile;

void round_init(void);
/* NF is safe: its message begins, or waits on disk when memory is full. */
void round_accept(struct newfile *nf);
/* Begin with M's open recipients; M belongs to the round from here on. */
void round_start(struct message *m);
/* An administrator's order to delete E, which is freed; false: it is being
 * delivered, and goes when that has ended. */
bool round_delete(struct entry *e);

/* The file of E cannot be read now: try again in a minute. */
void round_unreadable(struct entry *e, const char *why);

/* Start what is due, as far as memory allows; called when that may change. */
void round_pump(void);
/* May a new message begin at once?  Else it waits as an entry, and memory that
 * becomes free goes to what has waited longest. */
bool round_has_room(void);
/* No new rounds from here on. */
void round_stop(void);

#endif
