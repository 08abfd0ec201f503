/* SPDX-License-Identifier: ISC */
/*
 * Virtual time, for unit tests: a test that includes this has the clocks of
 * sys/clock.h and the waiting of the event loop replaced.  While something is
 * ready no time passes; then it jumps to the next timer.  So years of retries
 * take milliseconds, and a loaded machine changes nothing.
 */
#ifndef TESTS_CLOCK_H
#define TESTS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Run the loop for MS milliseconds of virtual time. */
void clock_run(int64_t ms);
/* While BUSY is true something outside of the loop is under way (a sync of
 * sys/durable): it is waited for, and no time passes. */
void clock_wait_while(bool (*busy)(void));
/* Somebody sets the wall clock forward by MS, or back (MS < 0). */
void clock_set_wall(int64_t ms);

#endif
