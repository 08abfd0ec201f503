/* SPDX-License-Identifier: ISC */
/* What a session wants to hear of, and what it has heard (RFC 5465). */
#ifndef IMAPD_NOTIFY_STATE_H
#define IMAPD_NOTIFY_STATE_H

#include <stdbool.h>

struct notify;
struct session;

/* The state of S, made where there is none. */
struct notify *notify_state(struct session *s);
void notify_free(struct session *s);
/* Nothing is (NOTIFY NONE). */
void notify_set_none(struct session *s);

/* May the answer to the command under way tell what happened in the selected
 * mailbox, which the client may not want to hear of? */
bool notify_lets_update(const struct session *s);
/* Also the flags that others changed? */
bool notify_lets_flags(const struct session *s);
/* Is FETCH to have the UID of what changed (RFC 5465 5.1)? */
bool notify_wants_uid(const struct session *s);
/* Another mailbox is selected now. */
void notify_selected(struct session *s);

#endif
