/* SPDX-License-Identifier: ISC */
/* The mailboxes' own files (maildir/boxfile.h) of an account. */
#ifndef STORE_BOXFILES_H
#define STORE_BOXFILES_H

#include "base/err.h"

struct account;
struct ix_box;
struct maildir;
struct takeover;
struct tx;

/* Into B what the file of the mailbox in D says; where it says nothing, has the
 * id of another or no UIDs left, what it says from now on: FROM's UIDs, or new
 * ones. */
int boxfiles_load(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct takeover *from, struct err *err);
/* One that is written is synced by itself; of many between these two the
 * others together, before anybody sees a record of their mailboxes.  Blocks. */
void boxfiles_gather(struct account *a);
int boxfiles_settle(struct account *a, struct err *err);

#endif
