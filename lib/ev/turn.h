/* SPDX-License-Identifier: ISC */
/*
 * How long the turns of the loop are: histograms for `pabal metrics`, and a
 * warning in the log.  By the wall, because that is what everybody else in the
 * process waits; beside it the processor time, which tells work from waiting.
 *
 * A turn costs two readings of the monotonic clock, one of which it needs
 * anyway.  Processor time is a system call, so it is read once for each
 * millisecond that turns have taken, and is true to that.
 */
#ifndef EV_TURN_H
#define EV_TURN_H

#include <stdint.h>

/* Warn of turns of at least MS milliseconds; 0: never. */
void turn_set_warning(int64_t ms);
/* From here on, until the callback returns, the loop works at WHAT (a text that
 * stays) for WHOM (may be NULL; copied): for the warning. */
void turn_note(const char *what, const char *whom);
/* This turn begins now: what it did was not meant for others (a start). */
void turn_restart(void);

/* For loop.c: a turn begins at NOW_US of the monotonic clock; another callback
 * comes; it ends. */
void turn_begin(int64_t now_us);
void turn_next(void);
void turn_end(void);

/* Call FN at the end of each turn (ev/loop.c); NULL: nothing. */
void ev_each_turn(void (*fn)(void));

#endif
