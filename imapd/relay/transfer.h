/* SPDX-License-Identifier: ISC */
/* COPY and MOVE between two accounts.  Neither process opens the other's files:
 * messages are read by a FETCH where they are and written by an APPEND where
 * they go, so each side's ACL, quota and order to the disk count as ever; the
 * own account is spoken to in the same way (visit_self).
 *
 * All of a COPY is there or nothing (copied.h).  What a MOVE removes is on disk
 * at the other end; what breaks off in between may leave messages at both. */
#ifndef IMAPD_RELAY_TRANSFER_H
#define IMAPD_RELAY_TRANSFER_H

#include <stdbool.h>

#include "base/slice.h"
#include "proto/seqset.h"

struct session;
struct transfer_plan {
	bool move;
	bool uid;
	struct slice set_text; /* as the client wrote it */
	struct seqset set;
	struct slice from, to; /* owners; p == NULL: the session's own user */
	struct slice name;     /* where to, as the session's user names it */
};

/* The command under way: it is answered, or goes on. */
void transfer_start(struct session *s, const struct transfer_plan *plan);

#endif
