/* SPDX-License-Identifier: ISC */
/*
 * The index of the log file (log/block.h), written beside it.  Nothing depends
 * on it: what it lacks is searched by reading.
 */
#ifndef LOGGER_INDEX_H
#define LOGGER_INDEX_H

#include <stddef.h>

#include "base/slice.h"

/* FD (taken) is the index of the file LOG (borrowed), whose last BEGUN bytes
 * are of a line that has no end yet. */
void logger_index_open(int fd, int log, size_t begun);
/* LINES, whole ones, are written, and behind them BEGUN bytes of the next. */
void logger_index_add(struct slice lines, size_t begun);
/* The log file is another one from now on, or there is none; BEGUN as above. */
void logger_index_close(size_t begun);

#endif
