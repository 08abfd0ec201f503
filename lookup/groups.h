/* SPDX-License-Identifier: ISC */
/* In which groups accounts are, by the table groups (table/group.h). */
#ifndef LOOKUP_GROUPS_H
#define LOOKUP_GROUPS_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

/* ACCOUNT's *GROUPS, a line for each, in A.  False: that cannot be found out
 * (logged). */
bool lookup_groups(struct slice account, struct arena *a, struct slice *groups);

#endif
