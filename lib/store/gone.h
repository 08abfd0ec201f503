/* SPDX-License-Identifier: ISC */
/* Messages that left a mailbox, as the change log says. */
#ifndef STORE_GONE_H
#define STORE_GONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct mailbox;

/* Visit the UIDs of M that are gone since the day in which SINCE_S is, in the
 * order in which they went.  *COMPLETE: that is known, and the log reaches back
 * so far; else none is visited. */
int mailbox_gone(struct mailbox *m, int64_t since_s, bool *complete,
    void (*visit)(void *arg, uint32_t uid), void *arg, struct err *err);

#endif
