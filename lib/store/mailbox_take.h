/* SPDX-License-Identifier: ISC */
/* A mailbox that comes from another server keeps its numbers. */
#ifndef STORE_MAILBOX_TAKE_H
#define STORE_MAILBOX_TAKE_H

#include <stdint.h>

#include "base/err.h"

struct mailbox;

/* M, in which no message has ever been, gets UIDVALIDITY; and whatever M had,
 * where it has UIDVALIDITY now, no UID below UIDNEXT is given to other messages
 * from here on.  On disk when FOUND comes back.  ABSENT: it has been used under
 * another one, or the numbers are none that can be taken. */
enum found mailbox_take_uids(
    struct mailbox *m, uint32_t uidvalidity, uint32_t uidnext, struct err *err);

#endif
