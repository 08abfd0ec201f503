/* SPDX-License-Identifier: ISC */
/* What a sender wants to be told of a recipient (RFC 3461). */
#ifndef QMGR_QUEUE_NOTIFY_H
#define QMGR_QUEUE_NOTIFY_H

#include "qmgr/queue/rcpt.h"

enum notify { NOTIFY_FAILURE, NOTIFY_DELAY, NOTIFY_SUCCESS };

/* Does R's NOTIFY ask for a report of KIND (RFC 3461 4.1)? */
bool notify_wanted(const struct rcpt *r, enum notify kind);
/* Is R one that a report of KIND tells of? */
bool notify_concerns(const struct rcpt *r, enum notify kind);

#endif
