/* SPDX-License-Identifier: ISC */
/*
 * How full mailboxes are, as far as those who write them have said lately.
 * Known for a minute: a word that was lost must not keep mail out for long,
 * and whoever delivers checks again.  A word counts for accounts of the
 * speaker's own UID (0: the virtual users), so one user's processes say nothing
 * of another's mailbox.
 */
#ifndef LOOKUP_USAGE_H
#define LOOKUP_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"

struct quota;

enum { USAGE_KNOWN_MS = 60000, USAGE_ACCOUNTS_MAX = 100000 };

/* A process that serves UID says it. */
void lookup_usage_set(
    uid_t uid, struct slice account, const struct quota *used, int64_t now_ms);
/* How many bytes QUOTA lets in to an account of UID, 0 where it has all its
 * messages; UINT64_MAX when there is no limit or nothing is known. */
uint64_t lookup_usage_room(
    uid_t uid, struct slice account, const struct quota *quota, int64_t now_ms);
/* Forget everything. */
void lookup_usage_clear(void);

#endif
