/* SPDX-License-Identifier: ISC */
/* Reports as they come: a file, or a message to which it is attached.  Whoever
 * calls this has locked himself in. */
#ifndef CTL_REPORTS_ATTACHED_H
#define CTL_REPORTS_ATTACHED_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

typedef int attached_add(void *arg, struct slice file, struct err *err);

/* Have ADD get each report in FILE: that itself, or where it is a message the
 * parts of the SUBTYPES (ended by NULL).  *REPORTS: how many it took, a message
 * may have none.  -1: one of them cannot be read. */
int attached_each(struct slice file, const char *const *subtypes,
    attached_add *add, void *arg, size_t *reports, struct err *err);

#endif
