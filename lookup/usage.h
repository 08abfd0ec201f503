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

enum { USAGE_KNOWN_MS = 60000, USAGE_ACCOUNTS_MAX = 100000 };

/* A process that serves UID says it. */
void lookup_usage_set(
    uid_t uid, struct slice account, uint64_t bytes, int64_t now_ms);
/* What is left of QUOTA of an account of UID; UINT64_MAX when QUOTA is 0 or
 * nothing is known. */
uint64_t lookup_usage_room(
    uid_t uid, struct slice account, uint64_t quota, int64_t now_ms);
/* Forget everything. */
void lookup_usage_clear(void);

#endif
