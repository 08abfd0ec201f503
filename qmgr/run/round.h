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

void round_init(void);
/* Begin with M's open recipients; M belongs to the round from here on. */
void round_start(struct message *m);
/* An administrator's order to delete E, which is freed; false: it is being
 * delivered, and goes when that has ended. */
bool round_delete(struct entry *e);

/* No new rounds from here on. */
void round_stop(void);

#endif
