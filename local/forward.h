/* SPDX-License-Identifier: ISC */
/* A system user's .forward (table/alias.h has its form). */
#ifndef LOCAL_FORWARD_H
#define LOCAL_FORWARD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Read .forward in HOME, a directory of this process's uid, for mail to
 * ADDRESS of ACCOUNT.  FOUND: TARGETS has the other places, as alias_put
 * writes them, and *KEEP says whether the mailbox gets a copy as well.
 * ABSENT: there is none (or it is empty).  TEMPFAIL: it is there and cannot be
 * used; mail must wait until its owner has mended it, but for ERR_PERM: it is
 * too long.
 */
enum found forward_read(int home, struct slice account, struct slice user,
    struct buf *targets, bool *keep, struct err *err);

#endif
