/* SPDX-License-Identifier: ISC */
/* The mailboxes of an account as a session knows them. */
#ifndef IMAPD_NOTIFY_SNAPSHOT_H
#define IMAPD_NOTIFY_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/mailbox.h"
#include "store/states.h"

struct account;
struct notify_groups;
struct notify_watch;
struct session;

struct notify_box {
	struct mailbox_info info;   /* names are in the arena */
	struct mailbox_state state; /* id "": it is not in the index */
	unsigned events;            /* that are wanted of it, if not selected */
	struct notify_watch *watch; /* NULL: none */
};

/* Zeroed: none was taken. */
struct snapshot {
	struct arena arena;
	struct notify_box *v; /* by name, as name_cmp has it */
	size_t n, cap;
	size_t wanted;             /* with events */
	struct notify_box **by_id; /* those in the index; NULL: not asked yet */
	size_t nids;
};

int snapshot_take(struct snapshot *sn, struct account *a,
    const struct notify_groups *g, struct err *err);
void snapshot_fini(struct snapshot *sn);
/* NULL: none. */
struct notify_box *snapshot_find(const struct snapshot *sn, struct slice name);
/* By MAILBOXID, "": none. */
struct notify_box *snapshot_find_id(struct snapshot *sn, const char *id);

/* Watch the files of those of SN of which message events are wanted, and of
 * SELECTED (.p NULL: none); what WAS watches already goes over. */
void snapshot_watch(struct snapshot *sn, struct snapshot *was,
    struct session *s, struct slice selected);
/* Were files seen to change in B since?  _clean: they were looked at. */
bool snapshot_is_dirty(const struct notify_box *b);
void snapshot_clean(struct notify_box *b);

#endif
