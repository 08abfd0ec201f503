/* SPDX-License-Identifier: ISC */
/* When a message that was put off is tried again: by retry_schedule or that of
 * a site, and up to a tenth later by its id. */
#ifndef QMGR_RUN_RETRY_H
#define QMGR_RUN_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct message;

/* A recipient of M is put off untried, for MS (0: it counts as an attempt). */
void retry_pause(struct message *m, int64_t ms);
/* All that is put off of M was so. */
bool retry_is_paused(const struct message *m);
int64_t retry_wait_ms(const struct message *m);
/* After trouble of our own for the Nth time in a row. */
int64_t retry_soon_ms(unsigned n);
/* Is M put off for trouble of our own that is more than the start of a process
 * that has ended? */
bool retry_is_lasting(const struct message *m);
/* Nothing waits longer, however it was put off. */
int64_t retry_longest_ms(void);
/* MS and up to a tenth, always the same for attempt N at message ID. */
int64_t retry_spread_ms(const char *id, uint32_t n, int64_t ms);

#endif
