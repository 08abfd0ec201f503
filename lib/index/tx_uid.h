/* SPDX-License-Identifier: ISC */
/* Numbers that are given once, in a transaction (tx.h): UIDs, UIDVALIDITYs. */
#ifndef INDEX_TX_UID_H
#define INDEX_TX_UID_H

#include <stdint.h>

#include "base/err.h"

struct boxfile;
struct ix_box;
struct tx;

/* Take the next UID of B; DIRFD is the mailbox's directory.  While B's UIDs are
 * brought along (BOX_BROUGHT), that ends it: B gets another UIDVALIDITY.  _own:
 * for the message that brought just that one along. */
int tx_uid(
    struct tx *tx, struct ix_box *b, int dirfd, uint32_t *uid, struct err *err);
int tx_uid_own(struct ix_box *b, int dirfd, uint32_t *uid, struct err *err);
/* Its own file says what B says; a ceiling that is used up is raised. */
int tx_boxfile(struct ix_box *b, int dirfd, struct err *err);
/* A UIDVALIDITY that no mailbox of the account has had, whatever became of the
 * index and the clock (struct boxfile, given).  _first: for INBOX, whose file F
 * is about to be written. */
int tx_uidvalidity(struct tx *tx, uint32_t *uidvalidity, struct err *err);
int tx_uidvalidity_first(struct tx *tx, struct boxfile *f, struct err *err);
/* A mailbox has UIDVALIDITY: later ones are above it. */
void tx_uidvalidity_seen(struct tx *tx, uint32_t uidvalidity);
/* INBOX's file; what it should say where another program removed it. */
int tx_inbox_file(struct tx *tx, struct boxfile *f, struct err *err);

#endif
