/* SPDX-License-Identifier: ISC */
#ifndef STORE_VISIT_INNER_H
#define STORE_VISIT_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kv_txn;
struct mailbox;
struct visit;

/* visit_messages in the snapshot T, of the mailbox with the number BOX, as M
 * has it; NULL: as all have it. */
int visit_box(struct kv_txn *t, const struct mailbox *m, uint32_t box,
    uint32_t first, unsigned want, bool (*visit)(void *arg, struct visit *v),
    void *arg, struct err *err);

#endif
