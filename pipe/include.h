/* SPDX-License-Identifier: ISC */
/*
 * Lists of addresses in files (:include:/path), read with the rights of their
 * owner.  A list that does not fit in one answer goes on: its last target is
 * ":include:+N/TOTAL:/path", the same list, of TOTAL targets, from its Nth on.
 */
#ifndef PIPE_INCLUDE_H
#define PIPE_INCLUDE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "table/alias.h"

/* The targets of TARGET (":include:..."), as alias_put writes them.  ERR_TEMP:
 * mail waits until the list has been mended; ERR_PERM: it is too long. */
int include_read(struct slice target, struct buf *out, struct err *err);
/* The whole list at PATH; A lives in ARENA.  As above. */
int include_load(
    const char *path, struct arena *arena, struct alias *a, struct err *err);
/* The path that TARGET (":include:...") names; empty: none. */
struct slice include_path(struct slice target);

#endif
