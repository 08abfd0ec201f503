/* SPDX-License-Identifier: ISC */
/*
 * When more is due than may be in memory, what has waited longest would come
 * first: half a million of one sender, or for one site, before the message of
 * anybody else.  So what is due is looked through as well, by its keys in the
 * index: a message whose site and whose login have little in memory comes out
 * of its turn.
 */
#ifndef QMGR_QUEUE_AHEAD_H
#define QMGR_QUEUE_AHEAD_H

#include <stdbool.h>

/* A step, for a turn of the loop that has room for messages; true: go on in the
 * next turn. */
bool ahead_step(void);
void ahead_init(void);

#endif
