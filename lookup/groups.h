/* SPDX-License-Identifier: ISC */
/* In which groups accounts are, by the table groups (table/group.h). */
#ifndef LOOKUP_GROUPS_H
#define LOOKUP_GROUPS_H

#include "base/err.h"
#include "base/slice.h"

struct buf;

/* Add ACCOUNT's groups to OUT (GROUPS_TEXT_MAX), a line for each.  TEMPFAIL:
 * that cannot be found out (logged). */
enum found lookup_groups(struct slice account, struct buf *out);

#endif
