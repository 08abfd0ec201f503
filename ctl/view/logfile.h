/* SPDX-License-Identifier: ISC */
/* The log of an instance, wherever it is written. */
#ifndef CTL_VIEW_LOGFILE_H
#define CTL_VIEW_LOGFILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/inst/instance.h"

/* Add the whole log to LOG: FILE ("-": standard input), or where FILE is NULL
 * the instance's with the one before it; what runs has written all that it said
 * up to now.  *JOURNAL: the lines are systemd's, with its own time and name
 * before ours. */
int logfile_read(const struct instance *in, const char *file, struct buf *log,
    bool *journal, struct err *err);

#endif
