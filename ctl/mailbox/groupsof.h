/* SPDX-License-Identifier: ISC */
/* In which groups an account is (table/group.h). */
#ifndef CTL_MAILBOX_GROUPSOF_H
#define CTL_MAILBOX_GROUPSOF_H

#include <stddef.h>

#include "base/slice.h"

struct arena;
struct tables;

/* *GROUPS: in A.  Gives an exit status, and has said what went wrong. */
int groupsof(const struct tables *t, struct slice account, struct arena *a,
    const struct slice **groups, size_t *n);

#endif
