/* SPDX-License-Identifier: ISC */
/* Recipients that are given to no agent: each is logged and settled. */
#ifndef QMGR_RUN_UNROUTED_H
#define QMGR_RUN_UNROUTED_H

#include "base/slice.h"
#include "qmgr/queue/message.h"

/* TO: RCPT_FAILED, or RCPT_DEFERRED. */
void unrouted_fail(
    struct rcpt *r, enum rcpt_state to, struct slice dsn, struct slice text);
/* On order: the entry of the table transports is one. */
void unrouted_discard(struct rcpt *r, struct slice text);
/* With its message, when the other recipients have had their attempt.  WHY: the
 * entry's text, may be empty. */
void unrouted_hold(struct rcpt *r, struct slice why);

#endif
