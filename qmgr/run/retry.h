/* SPDX-License-Identifier: ISC */
/*
 * When a message that was put off is tried again: by retry_schedule, or the
 * schedule that the table limits has for a site, and up to a tenth later by its
 * id, so that what failed together does not come back together.
 */
#ifndef QMGR_RUN_RETRY_H
#define QMGR_RUN_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct message;

/* A recipient of M is put off before it was tried, for MS (0: it was tried, or
 * nobody could be). */
void retry_pause(struct message *m, int64_t ms);
/* All of M that is put off was so: this was no attempt. */
bool retry_is_paused(const struct message *m);
/* So long M waits now. */
int64_t retry_wait_ms(const struct message *m);
/* Nothing waits longer, however it was put off. */
int64_t retry_longest_ms(void);
/* MS and up to a tenth, the same each time for message ID and attempt N. */
int64_t retry_spread_ms(const char *id, uint32_t n, int64_t ms);

#endif
