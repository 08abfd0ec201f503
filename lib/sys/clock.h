/* SPDX-License-Identifier: ISC */
/* The clocks: one that only runs forward, one of people, one of this thread. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: for deadlines and durations. */
int64_t clock_ms(void);
int64_t clock_us(void);
/* Microseconds of processor time of this thread; a system call. */
int64_t clock_cpu_us(void);
/* Seconds / microseconds since 1970 by the wall clock. */
int64_t clock_wall_s(void);
int64_t clock_wall_us(void);

#endif
