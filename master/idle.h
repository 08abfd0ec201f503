/* SPDX-License-Identifier: ISC */
/* Processes that serve somebody in particular and have nothing to do.  They
 * make room for others, the longest idle first, or end after idle_timeout. */
#ifndef MASTER_IDLE_H
#define MASTER_IDLE_H

#include <stdbool.h>

struct child;

/* C is among them from now on, as the last one; or is not. */
void idle_set(struct child *c, bool idle);
/* Somebody was connected with C: if it is idle, its time runs anew. */
void idle_wanted(struct child *c);
/* Who has been idle longest; NULL: nobody is idle. */
struct child *idle_longest(void);

#endif
