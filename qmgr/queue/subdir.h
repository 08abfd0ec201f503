/* SPDX-License-Identifier: ISC */
/* Directories of the spool. */
#ifndef QMGR_QUEUE_SUBDIR_H
#define QMGR_QUEUE_SUBDIR_H

#include <stddef.h>

#include "base/err.h"

/* Make (if need be) and open NAME in AT; -1 and ERR_TEMP. */
int subdir_open(int at, const char *name, struct err *err);
/* Remove the files in DIRFD; how many. */
size_t subdir_empty(int dirfd);

#endif
