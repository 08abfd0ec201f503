/* SPDX-License-Identifier: ISC */
/*
 * pabal-uids, the UIDs of files that have not got the names that say so yet: to
 * rename all of a large mailbox takes longer than its owner should wait.  It is
 * written at its end, a line for each file, and removed when all have their
 * names:
 *
 *     pabal-uids 1
 *     UID STEM:
 *
 * STEM is the file's name up to its flags; the last line of a file counts.
 */
#ifndef MAILDIR_UIDFILE_H
#define MAILDIR_UIDFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

struct uidfile {
	struct buf text;   /* as it was read ... */
	struct slice rest; /* ... and what is left of it */
	int64_t known;     /* bytes of the file, read or written */
	struct map uids;   /* stem -> UID */
	struct buf lines;  /* to be written */
};

void uidfile_init(struct uidfile *u);
void uidfile_fini(struct uidfile *u);
/* Read it from the mailbox's directory; *THERE: it is one.  UIDs are known when
 * uidfile_some has said so. */
int uidfile_load(struct uidfile *u, int dirfd, bool *there, struct err *err);
/* Take up to N more lines; true: there are others. */
bool uidfile_some(struct uidfile *u, size_t n);
/* And what other processes have written since, if all was read. */
int uidfile_follow(struct uidfile *u, int dirfd, struct err *err);
/* 0: STEM is not known. */
uint32_t uidfile_uid(const struct uidfile *u, struct slice stem);

/* Can a line say it? */
bool uidfile_takes(struct slice stem);
/* A line, written by uidfile_write: one process at a time. */
void uidfile_add(struct uidfile *u, uint32_t uid, struct slice stem);
int uidfile_write(struct uidfile *u, int dirfd, struct err *err);
int uidfile_remove(int dirfd, struct err *err);

#endif
