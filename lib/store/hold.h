/* SPDX-License-Identifier: ISC */
/* What a delivery may do with accounts and mailboxes beyond handle.h, so that
 * it asks the kernel for little. */
#ifndef STORE_HOLD_H
#define STORE_HOLD_H

#include "maildir/dirs.h"

struct account;
struct mailbox;

/* What an earlier turn of the loop has seen of A counts in this one as well:
 * nobody has taken its index or its directories away.  For who changes A next,
 * because handle_begin looks by itself; what is gone is ENOENT, and then a
 * matter of handle_doubt. */
void handle_trust(struct account *a);
/* Look at the account of M again, and open the directories of M anew, when they
 * are entered. */
void handle_doubt(struct mailbox *m);

/* The directory of PART of M, which was entered: its number stays that of this
 * directory until handle_release, whatever happens to M, which stays open. */
int handle_hold(struct mailbox *m, enum maildir_part part);
void handle_release(struct mailbox *m);

#endif
