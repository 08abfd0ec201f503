/* SPDX-License-Identifier: ISC */
/*
 * One file made durable here and now, blocking: through a temporary file, so
 * that a reader sees the old or the new, and a crash leaves one of them.  For
 * tables and small state, not for hot paths, which have sys/durable.h.
 */
#ifndef SYS_DURABLE_FILE_H
#define SYS_DURABLE_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/slice.h"

/* Replace NAME in DIRFD by BODY. */
int durable_replace(int dirfd, const char *name, struct slice body, mode_t mode,
    struct err *err);
/* The same with mode, owner and group of LIKE (-1: as they come): what root
 * edits stays readable for the daemon it belongs to. */
int durable_replace_like(int dirfd, const char *name, struct slice body,
    const struct stat *like, struct err *err);
/* Remove what processes that were ended in the middle of replacing NAME have
 * left; the caller sees to it that nobody else is at it. */
void durable_sweep(int dirfd, const char *name);

/* In two steps, for files that change together.  First BODY to TMP, which may
 * be left from an earlier try, as durable_replace_like has it: on disk with its
 * name if 0, and *MADE (may be NULL) says what it is. */
int durable_prepare(int dirfd, const char *tmp, struct slice body,
    const struct stat *like, struct stat *made, struct err *err);
/* Then TMP becomes NAME: on disk if 0; -1: TMP is there still, or not, and NAME
 * may be either after a crash. */
int durable_commit(
    int dirfd, const char *tmp, const char *name, struct err *err);
/* Is NAME what SEEN was taken of (no inode: nothing)?  ERR_TEMP when somebody
 * has changed it since. */
int durable_unchanged(
    int dirfd, const char *name, const struct stat *seen, struct err *err);

/* Entries of DIRFD, on disk if 0; after a crash in between the old or the new
 * is there.  NAME leads to TARGET, whatever it was; NEW is another name of the
 * file NAME (ERR_EXISTS: it is taken); NAME is gone, or was not there. */
int durable_symlink(
    int dirfd, const char *name, const char *target, struct err *err);
int durable_link(int dirfd, const char *name, const char *new, struct err *err);
int durable_unlink(int dirfd, const char *name, struct err *err);

/* Cut NAME at AT, add BODY, sync it; a crash leaves a part of BODY at most.
 * -1: it ends at AT again, as far as that could be had. */
int durable_append(int dirfd, const char *name, int64_t at, struct slice body,
    struct err *err);

#endif
