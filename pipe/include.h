/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses in files (:include:/path), read with the rights of their
 * owner.  A list that does not fit in one answer goes on: its last target is
 * ":include:+N:/path", the same list from its Nth target on.
 */
#ifndef PIPE_INCLUDE_H
#define PIPE_INCLUDE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* The targets of TARGET (":include:..."), as alias_put writes them.  ERR_TEMP
 * always: mail waits until the list has been mended. */
int include_read(struct slice target, struct buf *out, struct err *err);

#endif
