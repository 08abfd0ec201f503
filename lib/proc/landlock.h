/* SPDX-License-Identifier: ISC */
#ifndef PROC_LANDLOCK_H
#define PROC_LANDLOCK_H

#include "base/err.h"

struct sandbox;

/* Nothing of the file system but what lies beneath box->dirs; no TCP bind, no
 * TCP connect without MAY_CONNECT.  A kernel without Landlock is accepted (the
 * seccomp filter stands); one that has it and refuses is an error. */
int landlock_enter(const struct sandbox *box, struct err *err);

#endif
