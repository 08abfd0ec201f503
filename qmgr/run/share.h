/* SPDX-License-Identifier: ISC */
/*
 * How much of the memory for messages (active_limit) each login has, or each
 * sender where nobody logged in.  A tenth more than the limit is for new mail
 * of those who have less than a hundredth of it: when one has filled the
 * memory, another's message need not wait on disk behind all of his.
 */
#ifndef QMGR_RUN_SHARE_H
#define QMGR_RUN_SHARE_H

#include <stdbool.h>
#include <stddef.h>

struct envelope;

/* A message of ENV is in memory, and is no longer. */
void share_add(const struct envelope *env);
void share_del(const struct envelope *env);
/* With ACTIVE messages in memory: is there room for a new one of ENV beyond
 * the limit? */
bool share_has_room(const struct envelope *env, size_t active);

#endif
