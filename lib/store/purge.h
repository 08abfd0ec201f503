/* SPDX-License-Identifier: ISC */
/* What is left of mailboxes that are gone. */
#ifndef STORE_PURGE_H
#define STORE_PURGE_H

#include <stdbool.h>

#include "base/err.h"

struct account;
struct ix_box;
struct tx;

/* Remove some of what is left of mailboxes that are gone: their records, and
 * the directories of deleted ones, and what was kept long enough; *MORE: call
 * again. */
int purge_some(struct account *a, bool *more, struct err *err);
/* The second of these: some of the directories. */
void purge_files(struct account *a, unsigned max);
/* Is there something of that? */
bool purge_due(struct account *a);
/* Forget B and its messages, whose records go later. */
int purge_box(struct tx *tx, const struct ix_box *b, struct err *err);

#endif
