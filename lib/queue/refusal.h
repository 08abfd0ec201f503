/* SPDX-License-Identifier: ISC */
/*
 * Recipients who reject a message while its client waits
 * (queue_committed.refused), one a line: NUMBER REASON, which is escaped as in
 * an envelope.  Numbers count the envelope's recipients from 0.
 */
#ifndef QUEUE_REFUSAL_H
#define QUEUE_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;

enum { REFUSAL_MAX_BYTES = 32 << 10 /* of all of a message's */ };

void refusal_put(struct buf *out, uint32_t number, struct slice reason);
/* That of recipient NUMBER in TEXT to *REASON (in ARENA); false: there is
 * none. */
bool refusal_find(struct slice text, uint32_t number, struct arena *arena,
    struct slice *reason);

#endif
