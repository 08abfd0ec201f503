/* SPDX-License-Identifier: ISC */
/* Who hears of an account's changes. */
#ifndef STORE_NOTIFY_H
#define STORE_NOTIFY_H

#include <stdbool.h>

struct account;
struct index;

/* Tell the watches. */
void notify_account(struct account *a);
/* Let file names catch up soon, in the loop. */
void notify_flusher(struct account *a);
/* Not yet, for a while: messages are on their way out, and a name that follows
 * now is one that another rename takes away. */
void notify_flusher_wait(struct account *a);
/* A transaction of an account's index is committed (struct index, on_commit).
 */
void notify_commit(struct index *ix, bool changed, bool pended);

#endif
