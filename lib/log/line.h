/* SPDX-License-Identifier: ISC */
/* A line of the log as such: for the logger, who puts in whose it is. */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "log/log.h"

/* A line is cut to this, its end included. */
enum { LOG_LINE_MAX = 4096 };

/* Who writes a line, "smtpd/2" and the process id. */
struct log_writer {
	char name[32]; /* empty: not told */
	int pid;
};
struct log_writer log_writer(const char *name, unsigned index, int pid);
/* Append to OUT the line that W would write. */
void log_line(struct buf *out, const struct log_writer *w, enum log_level level,
    const char *event, const struct kv *kvs);
/* Likewise, that so many LINES of W's are missing before it. */
void log_line_lost(struct buf *out, const struct log_writer *w, uint64_t lines);
/* Lines do not say who writes: their reader, the logger, knows. */
void log_unnamed(bool on);
/* Is KEY one that each line has in JSON?  An event's own of that name gets a
 * "_" behind it there. */
bool log_json_own(struct slice key);

#endif
