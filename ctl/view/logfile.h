/* SPDX-License-Identifier: ISC */
/* The log of an instance, wherever it is written. */
#ifndef CTL_VIEW_LOGFILE_H
#define CTL_VIEW_LOGFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/inst/instance.h"

/* What runs writes all that it said up to now. */
void logfile_sync(const struct instance *in);
/* Is it the journal, and no file? */
bool logfile_is_journal(const struct instance *in);
/* Add to LOG what the journal has, not before SINCE (a time of the log; "":
 * all) and of that the last LINES (-1: all).  The lines have systemd's own time
 * and name before ours. */
int logfile_journal(
    const char *since, int64_t lines, struct buf *log, struct err *err);
/* Add to LOG the last LINES lines of the log; where it was rotated, the one
 * before it counts, too.  *JOURNAL as logfile_is_journal says. */
int logfile_tail(const struct instance *in, uint64_t lines, struct buf *log,
    bool *journal, struct err *err);
/* Add all that can be read of FD to LOG. */
int logfile_read_all(int fd, struct buf *log, struct err *err);

#endif
