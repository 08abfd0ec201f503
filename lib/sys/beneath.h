/* SPDX-License-Identifier: ISC */
/* Opening what lies beneath a directory and nothing else. */
#ifndef SYS_BENEATH_H
#define SYS_BENEATH_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Open PATH beneath DIRFD (openat2 with RESOLVE_BENEATH, no symbolic links, no
 * magic links; O_CLOEXEC is added).  -1: errno is kept for the caller, ERR_PERM
 * when the path leads out or over a link, ERR_TEMP otherwise.
 */
int beneath_open(
    int dirfd, const char *path, int flags, mode_t mode, struct err *err);

/* The same for a directory, each level made with MODE where it is not there. */
int beneath_make(int dirfd, const char *path, mode_t mode, struct err *err);

#endif
