/* SPDX-License-Identifier: ISC */
/* File names catch up with the index, in the loop. */
#ifndef STORE_FLUSH_H
#define STORE_FLUSH_H

#include <stdbool.h>

struct account;
struct mailbox;
struct store;

void idle_init(struct store *s);
/* Now, for all that wait. */
void idle_fini(struct store *s);
/* Did an earlier process leave names behind? */
bool flush_is_due(struct account *a);
/* M alone, as far as it goes: not where there are too many for now. */
void flush_mailbox(struct mailbox *m);

#endif
