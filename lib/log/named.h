/* SPDX-License-Identifier: ISC */
/*
 * What a daemon wrote into its pipe, as a line of the log.  The daemon's line
 * does not say who wrote it: name and pid are put in here, as master told them.
 * Whatever is not of the form that lib/log writes, or holds what a line may
 * not, becomes the text of a proc.stderr.
 */
#ifndef LOG_NAMED_H
#define LOG_NAMED_H

#include "base/buf.h"
#include "base/slice.h"
#include "log/line.h"

enum { LOG_NAMED_MAX = LOG_LINE_MAX + 64 };

/* Append to OUT what RAW (a line without its end) stands for when W wrote it:
 * nothing for an empty one, otherwise one line of at most LOG_NAMED_MAX
 * bytes, printable UTF-8 with one line end. */
void log_named(struct slice raw, const struct log_writer *w, struct buf *out);

#endif
