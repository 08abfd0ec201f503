/* SPDX-License-Identifier: ISC */
/* Names of sessions and messages. */
#ifndef SYS_ID_H
#define SYS_ID_H

#include <stdint.h>

/* With three digits of the tail, and the NUL. */
enum { ID_MAX_BYTES = 15 };

/* Into ID: the time in microseconds as 11 digits of base 32 (without I, L, O
 * and U), then the low DIGITS digits (up to three) of TAIL, and a NUL.  Ids
 * sort by time, and none comes twice in a process, whatever the clock does;
 * TAIL tells processes apart, or what a clock that was set back makes again
 * after a restart. */
void id_new(char *id, uint32_t tail, unsigned digits);

/* getpid(), asked once for each process. */
uint32_t id_pid(void);
/* A random number of 32 bits, in no other process the same sequence; for names,
 * not for secrets. */
uint32_t id_random(void);

#endif
