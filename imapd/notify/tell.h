/* SPDX-License-Identifier: ISC */
/* Telling a session what it wants to hear of mailboxes that it has not selected
 * (RFC 5465 5). */
#ifndef IMAPD_NOTIFY_TELL_H
#define IMAPD_NOTIFY_TELL_H

#include <stdbool.h>

#include "base/err.h"

struct notify_groups;
struct session;

/* Write what is to be told, a step of it; true: call again. */
bool notify_tell(struct session *s);
/* After notify_set: all is known from now on, and told with STATUS if the
 * client asked for that; MAKE: mailboxes that are only shown are made for it.
 * 1: call again.  -1: there are too many (ERR_LIMIT), or the like. */
int notify_begin(struct session *s, bool status, struct err *err);

/* May S want what GROUPS say?  -1: as for notify_begin. */
int notify_fits(
    struct session *s, const struct notify_groups *groups, struct err *err);

#endif
