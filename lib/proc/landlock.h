/* SPDX-License-Identifier: ISC */
#ifndef PROC_LANDLOCK_H
#define PROC_LANDLOCK_H

#include "base/err.h"

struct sandbox;

/* Nothing of the file system but what lies beneath box->dirs; no TCP bind
 * (with MAY_CONNECT: to no port but one of the kernel's choice), TCP connect to
 * box->ports only; no signals to others.  What this kernel cannot
 * (kernel_lacks) is left out, and the seccomp filter stands; one that can and
 * refuses is an error. */
int landlock_enter(const struct sandbox *box, struct err *err);

#endif
