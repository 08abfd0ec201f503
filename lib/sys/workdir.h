/* SPDX-License-Identifier: ISC */
#ifndef SYS_WORKDIR_H
#define SYS_WORKDIR_H

#include "base/err.h"

/* May this process read and write in the open directory DIRFD, which is PATH?
 * It looks and changes nothing.  -1 with ERR_PERM. */
int workdir_try(int dirfd, const char *path, struct err *err);
/* The same of NAME in it, which may be missing. */
int workdir_try_sub(
    int dirfd, const char *path, const char *name, struct err *err);

#endif
