/* SPDX-License-Identifier: ISC */
/* Compressed log files, which the program that made them reads. */
#ifndef CTL_VIEW_LOGPACK_H
#define CTL_VIEW_LOGPACK_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct logcut;
struct logpack;

/* What the file NAME is compressed with; NULL: nothing, as far as its name
 * says. */
const struct logpack *logpack_of(const char *name);
/* NAME without what says that. */
struct slice logpack_name(const struct logpack *pack, const char *name);
/* About N bytes of the begin of FD, compressed or not (PACK is NULL), or fewer
 * when there are not as many, or they cannot be read. */
void logpack_head(
    const struct logpack *pack, int fd, size_t n, struct buf *head);
/* Give all lines of FD to CUT. */
int logpack_each(const struct logpack *pack, const char *name, int fd,
    struct logcut *cut, struct err *err);

#endif
