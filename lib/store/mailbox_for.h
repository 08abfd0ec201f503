/* SPDX-License-Identifier: ISC */
#ifndef STORE_MAILBOX_FOR_H
#define STORE_MAILBOX_FOR_H

#include "base/err.h"
#include "base/slice.h"

struct account;
struct mailbox;

/* As mailbox_open, for GUEST, whose \Seen there is his own: what is read and
 * changed of messages through it has that.  NULL: the same for all. */
enum found mailbox_open_for(struct account *a, struct slice name,
    const char *guest, struct mailbox **mailbox, struct err *err);

#endif
