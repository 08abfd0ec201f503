/* SPDX-License-Identifier: ISC */
/* The mailboxes' own files (maildir/boxfile.h) of an account: one is synced by
 * itself; of many that are written at once the others together, before anybody
 * sees a record of their mailboxes. */
#ifndef STORE_BOXFILES_H
#define STORE_BOXFILES_H

#include "base/err.h"

struct account;
struct boxfile;

/* That of the mailbox in DIRFD; on disk when 0 comes back, or, between
 * boxfiles_gather and boxfiles_settle, after the latter.  Blocks. */
int boxfiles_put(
    struct account *a, int dirfd, const struct boxfile *f, struct err *err);
void boxfiles_gather(struct account *a);
int boxfiles_settle(struct account *a, struct err *err);

#endif
