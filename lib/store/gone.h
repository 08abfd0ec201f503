/* SPDX-License-Identifier: ISC */
/* Messages that left a mailbox, as the change log says. */
#ifndef STORE_GONE_H
#define STORE_GONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct mailbox;

/* Visit the UIDs of M that are gone since SINCE_S (seconds since 1970, give or
 * take one), in the order in which they went.  *COMPLETE: the log reaches back
 * so far. */
int mailbox_gone(struct mailbox *m, int64_t since_s, bool *complete,
    void (*visit)(void *arg, uint32_t uid), void *arg, struct err *err);

#endif
