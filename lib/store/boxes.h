/* SPDX-License-Identifier: ISC */
/* The mailboxes of an account and their directories, inside a transaction. */
#ifndef STORE_BOXES_H
#define STORE_BOXES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct account;
struct tx;

/* Make a record of the mailbox in DIR, and of its messages as far as *LEFT goes
 * (scan_new_box).  A directory that is none of ours: 0. */
enum { BOXES_COST = 16000 }; /* of all boxes together: some 400 files */
int boxes_adopt(
    struct tx *tx, const char *dir, bool doubt, int64_t *left, struct err *err);
/* Look whether directories came or went by other hands: at nothing, while the
 * time of the account's directory is the one we know; else at names, and only
 * where one is new at what has it. */
int boxes_sync(struct account *a, struct err *err);
/* The special uses of the default mailboxes that are shown though they may not
 * be on disk: not those that their owner deleted or renamed. */
int boxes_shown(struct account *a, unsigned *shown, struct err *err);
#endif
