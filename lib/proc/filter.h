/* SPDX-License-Identifier: ISC */
/* The seccomp filter that follows from a daemon's rights (proc/sandbox.h). */
#ifndef PROC_FILTER_H
#define PROC_FILTER_H

#include "base/buf.h"
#include "base/err.h"

/* From here on this process makes the calls that MAY allows, with arguments
 * that are its own business.  Another call ends it (proc.violation); one of its
 * calls with other arguments fails with EPERM.  ERR_PERM: the kernel refuses.
 */
int filter_enter(unsigned may, struct err *err);

/* Append the names of the calls that MAY allows, a space behind each. */
void filter_describe(struct buf *out, unsigned may);

#endif
