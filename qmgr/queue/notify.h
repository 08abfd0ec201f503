/* SPDX-License-Identifier: ISC */
/* What a sender wants to be told of a recipient (RFC 3461). */
#ifndef QMGR_QUEUE_NOTIFY_H
#define QMGR_QUEUE_NOTIFY_H

#include "qmgr/queue/rcpt.h"

struct message;

enum notify { NOTIFY_FAILURE, NOTIFY_DELAY, NOTIFY_SUCCESS };

/* Whom reports on M go to: its sender; where it is a report of our own, the
 * postmaster (double_bounce); nobody (empty) where it has the null sender
 * otherwise, so that no report makes another without end. */
struct slice notify_recipient(const struct message *m);
/* Is somebody to be told, and does R's NOTIFY ask for a
 * report of KIND (RFC 3461 4.1)?  What a report of our own says there is for
 * other hosts: that it failed is told all the same. */
bool notify_wanted(const struct rcpt *r, enum notify kind);
/* Is R one that a report of KIND tells of? */
bool notify_concerns(const struct rcpt *r, enum notify kind);

#endif
