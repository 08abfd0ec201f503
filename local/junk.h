/* SPDX-License-Identifier: ISC */
/* Where mail goes that a judge has found to be junk. */
#ifndef LOCAL_JUNK_H
#define LOCAL_JUNK_H

#include "base/err.h"

struct account;
struct mailbox;

/* The mailbox of A for junk (RFC 6154).  ABSENT: its owner has none. */
enum found local_junk_open(
    struct account *a, struct mailbox **mailbox, struct err *err);

#endif
