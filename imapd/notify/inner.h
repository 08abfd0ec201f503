/* SPDX-License-Identifier: ISC */
/* The state of a session's NOTIFY, for the files of this folder. */
#ifndef IMAPD_NOTIFY_INNER_H
#define IMAPD_NOTIFY_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "imapd/notify/groups.h"
#include "imapd/notify/snapshot.h"
#include "imapd/selected/dirwatch.h"

struct session;

struct notify {
	struct session *session;
	bool active; /* NOTIFY was given; else it is here for ENABLE METADATA */
	struct notify_groups groups;
	struct arena arena; /* of groups */
	struct snapshot seen;
	struct dirwatch_user names_user; /* of the names of mailboxes */
	struct dirwatch *names;
	bool dirty;      /* a watch of seen is */
	uint32_t known;  /* UIDs of the selected mailbox that need no FETCH */
	struct buf text; /* METADATA responses to be told */
};

/* So many mailboxes can be watched (notify_mailboxes). */
uint32_t notify_limit(void);
/* GROUPS with ARENA (taken) are what S wants from now on. */
void notify_set(
    struct session *s, const struct notify_groups *groups, struct arena *arena);

#endif
