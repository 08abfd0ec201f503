/* SPDX-License-Identifier: ISC */
/* The mailboxes of an account and their directories, inside a transaction. */
#ifndef STORE_BOXES_H
#define STORE_BOXES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/tx.h"

/* The mailbox directories of the account at FD ("" first), as C strings one
 * behind the other. */
int boxes_dirs(int fd, struct buf *dirs, struct err *err);
/* Make a record of the mailbox in DIR, and of its messages.  *ROOM as for
 * scan_box; 1: too much for it.  A directory that is none of ours: 0. */
int boxes_adopt(
    struct tx *tx, const char *dir, bool doubt, size_t *room, struct err *err);
/* Forget B and its messages. */
int boxes_forget(struct tx *tx, const struct ix_box *b, struct err *err);
/* Look whether directories came or went by other hands. */
int boxes_sync(struct account *a, struct err *err);
/* Remove deleted mailboxes (pabal.deleted.*) below FD. */
void boxes_bury(int fd);
/* RENAME of INBOX: its messages move into a new mailbox TO. */
int mailbox_empty_inbox(struct account *a, struct slice to, struct err *err);
/* The special use that goes with NAME where nobody said otherwise. */
unsigned boxes_special(struct slice name);

/* Remove files that were left in tmp/ for more than 36 hours. */
void tmp_clean(int tmpfd);
/* Remove NAME in DIRFD with all below it (a few levels); links are removed,
 * not followed. */
void tree_remove(int dirfd, const char *name);

#endif
