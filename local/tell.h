/* SPDX-License-Identifier: ISC */
/* Who hears of a delivery: the counter, imapd's sessions, and lookup, which
 * reckons what room a mailbox has left. */
#ifndef LOCAL_TELL_H
#define LOCAL_TELL_H

#include "base/slice.h"

struct account;

void tell_init(void);
void tell_delivered(struct slice account, struct slice home,
    int64_t quota_bytes, struct account *a);

#endif
