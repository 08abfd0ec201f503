/* SPDX-License-Identifier: ISC */
/*
 * pabal-keywords, which keeps the keywords of messages for which there is no
 * letter (letters.h) when the index is lost.  It is written at its end, a line
 * for each change:
 *
 *     pabal-keywords 1
 *     UID BASE NAME NAME ...
 *
 * The last line of a message counts; UID and BASE are those of its file's
 * name (doc/store-format.md).
 */
#ifndef MAILDIR_KWLOG_H
#define MAILDIR_KWLOG_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct filename;
struct keyword_set;
struct keyword_table;

#define KWFILE_NAME  "pabal-keywords"
#define KWFILE_FIRST "pabal-keywords 1\n"

enum { KWFILE_MAX = 256 << 20 };

/* "UID BASE" of the file called F. */
void kwlog_key(struct buf *out, const struct filename *f);
/* A line for the file called FILE with the names that SET has beyond the
 * letters. */
void kwlog_line(struct buf *out, const char *file,
    const struct keyword_table *t, const struct keyword_set *set);

/* The same with all of its names. */
void kwlog_line_whole(struct buf *out, const char *file,
    const struct keyword_table *t, const struct keyword_set *set);

/* Writing at the end of DIRFD's file; one process at a time. */
struct kwlog {
	int fd; /* -1: not open */
	int64_t start;
	int64_t size;
};
/* Opens L at need.  What cannot be written whole is taken back. */
int kwlog_add(struct kwlog *l, int dirfd, struct slice lines, struct err *err);
/* The line of one file, where SET has more than letters. */
int kwlog_add_one(struct kwlog *l, int dirfd, const char *file,
    const struct keyword_table *t, const struct keyword_set *set,
    struct err *err);
/* Take everything back that L wrote. */
void kwlog_undo(struct kwlog *l);
void kwlog_close(struct kwlog *l);
/* Bytes of the file; 0: there is none. */
int64_t kwlog_size(int dirfd);
/* Put LINES in the place of all there were, on disk; none: no file. */
int kwlog_replace(int dirfd, struct slice lines, struct err *err);

#endif
