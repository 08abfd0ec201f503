/* SPDX-License-Identifier: ISC */
#ifndef PROC_NARROW_H
#define PROC_NARROW_H

#include "base/err.h"

struct sandbox;

/* In a child of a nursery: only beneath box->dirs, and no children.  It is in
 * sandbox.c. */
int sandbox_narrow(const struct sandbox *box, struct err *err);
/* Give up, in the child of a nursery, what its seccomp filter allows beyond the
 * daemon's own rights: children, signals, and filters of its own.  Also what
 * Landlock has no say in, though it goes by a path: modes and times of files
 * whose contents are out of reach. */
int narrow_enter(struct err *err);

#endif
