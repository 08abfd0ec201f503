/* SPDX-License-Identifier: ISC */
/*
 * How long whom a process serves in particular waits for the next one when his
 * died again and again.  The slot knows that; what it knew outlives it here, so
 * that coming again is not quicker than waiting.  There is room for a few
 * thousand; the oldest make it.
 */
#ifndef MASTER_BACKOFF_H
#define MASTER_BACKOFF_H

#include <stdint.h>

#include "base/slice.h"

enum { BACKOFF_MAX = 4096, BACKOFF_FORGET_MS = 600000 };

/* What a slot knows of its restarts. */
struct backoff {
	int64_t delay_ms; /* between the next end and the start behind it */
	int64_t until_ms; /* no start before */
};

/* The process has ended at NOW_MS: what counts for the next.  The first restart
 * is at once; then FIRST_MS, which doubles up to MAX_MS where that is more. */
void backoff_ended(
    struct backoff *b, int64_t first_ms, int64_t max_ms, int64_t now_ms);
/* The slot of KEY goes: keep what it knew, for BACKOFF_FORGET_MS after the wait
 * has ended. */
void backoff_keep(struct slice key, const struct backoff *b, int64_t now_ms);
/* What was kept for KEY, which is kept no more; zeros: nothing. */
struct backoff backoff_take(struct slice key, int64_t now_ms);

#endif
