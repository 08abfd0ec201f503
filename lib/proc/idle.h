/* SPDX-License-Identifier: ISC */
/* Telling master whether there is work: it ends who has had none for long. */
#ifndef PROC_IDLE_H
#define PROC_IDLE_H

#include <stdbool.h>

/* From now on; BUSY says it.  TELLS: serves somebody in particular, so master
 * hears of it.  PARKS: one of thousands, which gives back memory while nothing
 * happens (proc/park.h). */
void idle_begin(bool (*busy)(void), bool tells, bool parks);
/* A turn of the loop is over, with work left or not. */
void idle_turn(bool busy);

#endif
