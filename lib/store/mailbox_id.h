/* SPDX-License-Identifier: ISC */
#ifndef STORE_MAILBOX_ID_H
#define STORE_MAILBOX_ID_H

#include "store/mailbox.h"

/* As mailbox_open, the one whose MAILBOXID (RFC 8474) is ID, whatever its name
 * is now. */
enum found mailbox_open_id(struct account *a, struct slice id,
    struct mailbox **mailbox, struct err *err);

#endif
