/* SPDX-License-Identifier: ISC */
/* The two clocks: one that only runs forward, one that people read. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: for deadlines and durations. */
int64_t clock_ms(void);
/* Seconds / microseconds since 1970 by the wall clock. */
int64_t clock_wall_s(void);
int64_t clock_wall_us(void);

#endif
