/* SPDX-License-Identifier: ISC */
/* Directories that the commands of a user have for themselves. */
#ifndef PIPE_PRIVATE_H
#define PIPE_PRIVATE_H

#include "base/err.h"

/* From now on /tmp and /var/tmp of this process, and of those it starts, are
 * empty ones in memory that nobody else sees; before root's rights are given
 * up.  -1: the kernel does not allow it, and one of them or both are the common
 * ones. */
int private_tmp(struct err *err);

#endif
