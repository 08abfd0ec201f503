/* SPDX-License-Identifier: ISC */
/* Bringing back what was expunged (keptlist.h).  Several processes may do that
 * at once: each message comes back once. */
#ifndef STORE_UNDELETE_H
#define STORE_UNDELETE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct account;
struct kept_mailbox;
struct kept_message;
struct mailbox;

struct undelete_result {
	size_t restored;
	size_t gone; /* somebody was faster, or their time was over */
};

/* N messages of V to the end of TO, under new UIDs, with their flags (but for
 * \Deleted), keywords, INTERNALDATE and EMAILID; on disk when 0 comes back.  -1
 * (ERR_PERM ERR_OVER_QUOTA, or ERR_TEMP): what R counts is back, the rest is
 * kept still. */
int undelete_messages(struct mailbox *to, const struct kept_message *const *v,
    size_t n, struct undelete_result *r, struct err *err);
/* The deleted mailbox M as it was, with its UIDs.  ABSENT: somebody was
 * faster.  ERR_PERM ERR_EXISTS: there is another of its name by now. */
enum found undelete_mailbox(
    struct account *a, const struct kept_mailbox *m, struct err *err);

#endif
