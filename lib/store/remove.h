/* SPDX-License-Identifier: ISC */
#ifndef STORE_REMOVE_H
#define STORE_REMOVE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct mailbox;
/* N messages (ascending) of which nobody was told are gone, and not kept. */
int message_remove(
    struct mailbox *m, const uint32_t *uids, size_t n, struct err *err);

#endif
