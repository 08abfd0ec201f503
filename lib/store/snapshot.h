/* SPDX-License-Identifier: ISC */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "base/err.h"

struct kv_txn;
struct mailbox;

/* A snapshot of M's index, and M's keywords as they are in it.  ABSENT: M is
 * gone. */
enum found message_snapshot(
    struct mailbox *m, struct kv_txn **t, struct err *err);

#endif
