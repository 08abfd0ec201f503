/* SPDX-License-Identifier: ISC */
/* Where files are that only keys reads: signing_directory. */
#ifndef CTL_SIGN_SIGNPLACE_H
#define CTL_SIGN_SIGNPLACE_H

#include <sys/stat.h>

#include "base/err.h"

/* The directory SUB, and in it MORE (or NULL), beneath DIR, made where they are
 * not there: only root makes files in it, or the caller where he is not root.
 * LIKE is what a file in it is to be like: keys alone reads it. */
int signplace_open(const char *dir, const char *sub, const char *more,
    struct stat *like, struct err *err);

#endif
