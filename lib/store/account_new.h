/* SPDX-License-Identifier: ISC */
/* A new account goes to disk with its first message. */
#ifndef STORE_ACCOUNT_NEW_H
#define STORE_ACCOUNT_NEW_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct durable_list;

/* Levels, none empty or with a dot in front; or ".", the root itself. */
bool account_path_ok(struct slice path);
/* Put what A still has to bring to disk on the pool's LIST.  What is behind it
 * holds if a->ix.unsynced is false when it is done.  Or now. */
void account_sync_start(struct account *a, struct durable_list *list);
int account_sync_now(struct account *a, struct err *err);

#endif
