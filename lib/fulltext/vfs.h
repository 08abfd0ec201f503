/* SPDX-License-Identifier: ISC */
/*
 * Where SQLite's files are: plain names in an open directory, reached through
 * it alone and over no link.  Each page of a database carries a checksum, so
 * that damage is an error of reading and not another answer.  Nothing is
 * synced: what is lost with the power is built anew.
 */
#ifndef FULLTEXT_VFS_H
#define FULLTEXT_VFS_H

#include <stdbool.h>

#include "base/buf.h"

#define VFS_NAME "pabal"
enum { VFS_PAGE = 4096, VFS_RESERVED = 8 /* bytes of a page */ };

/* Once. */
void vfs_register(void);
/* What SQLite calls the file NAME in DIRFD, which stays open as long. */
void vfs_path(struct buf *out, int dirfd, const char *name);

#endif
