/* SPDX-License-Identifier: ISC */
/* How much of active_limit each login has, or sender where nobody logged in: a
 * tenth beyond it is for new mail of those who have little. */
#ifndef QMGR_RUN_SHARE_H
#define QMGR_RUN_SHARE_H

#include <stdbool.h>
#include <stddef.h>

struct envelope;

/* A message of ENV is in memory, and is no longer. */
void share_add(const struct envelope *env);
void share_del(const struct envelope *env);
/* Beyond the limit, with ACTIVE in memory: may one of ENV begin? */
bool share_has_room(const struct envelope *env, size_t active);

#endif
