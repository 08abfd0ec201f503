/* SPDX-License-Identifier: ISC */
/*
 * Other programs that write into the mailboxes of parked sessions: one inotify
 * instance for the host, because the kernel has few of them for a uid
 * (fs.inotify.max_user_instances), and there may be thousands of accounts.
 * Nothing is read but which watch it was; each tells once.
 */
#ifndef MASTER_MAILWATCH_H
#define MASTER_MAILWATCH_H

#include "base/slice.h"

struct mailwatch;

/* Once: who is told, later than in the turn of a change.  ON_CHANGE may close
 * and open watches. */
void mailwatch_init(void (*on_change)(struct slice home));
/* Files of the directory DIR (O_PATH is enough; the caller's), which is HOME's,
 * come, go or are renamed: told once at most.  NULL: the kernel has none. */
struct mailwatch *mailwatch_open(int dir, const char *home);
/* Accepts a pointer to NULL. */
void mailwatch_close(struct mailwatch **w);

#endif
