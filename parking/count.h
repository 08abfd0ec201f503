/* SPDX-License-Identifier: ISC */
/* What `pabal metrics` has of parked sessions. */
#ifndef PARKING_COUNT_H
#define PARKING_COUNT_H

#include <stddef.h>

enum count_why {
	COUNT_PARKED,
	COUNT_WOKEN_CLIENT,  /* it sent something */
	COUNT_WOKEN_CHANGED, /* its account has */
	COUNT_ENDED,
	COUNT_KINDS
};

void count_init(void);
void count_add(enum count_why why);
/* A session with BYTES of state is held from now on, or no longer. */
void count_hold(size_t bytes);
void count_release(size_t bytes);
/* How many are held. */
unsigned count_held(void);

#endif
