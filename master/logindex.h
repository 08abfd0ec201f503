/* SPDX-License-Identifier: ISC */
/* The indexes of log files (log/block.h): index/<inode of the file> beside
 * them, so that a file that is renamed keeps its own. */
#ifndef MASTER_LOGINDEX_H
#define MASTER_LOGINDEX_H

#include "base/err.h"

/* The index of FILE, open as LOG, for appending; those of files that are gone
 * are removed.  -1: there is none (ERR_TEMP). */
int logindex_open(const char *file, int log, struct err *err);

#endif
