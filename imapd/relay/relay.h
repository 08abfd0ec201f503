/* SPDX-License-Identifier: ISC */
/* Commands about other users' mailboxes (relay/job.h), and of guests. */
#ifndef IMAPD_RELAY_RELAY_H
#define IMAPD_RELAY_RELAY_H

#include <stdbool.h>

#include "base/slice.h"

struct parse;
struct session;

/* Beside enum session_state: of guests, too; only where an imapd commands. */
enum { S_GUEST = 1 << 3, S_GUEST_ONLY = 1 << 4 };
bool relay_allows(const struct session *s, unsigned states);

/* The command under way, P behind its name, is about another account: it was
 * answered, or goes on.  False: it is for here. */
bool relay_takes(struct session *s, const struct parse *p);
/* Is something selected elsewhere?  Is S a guest's, and sharing off by now? */
bool relay_selected(const struct session *s);
bool relay_is_off(const struct session *s);
/* What names in a guest's commands begin with; empty: S is the owner's. */
struct slice relay_inside(const struct session *s);
/* S ends.  False: when RELEASE is called, and S is held until then. */
bool relay_end(struct session *s, void (*release)(struct session *s));

#endif
