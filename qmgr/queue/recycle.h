/* SPDX-License-Identifier: ISC */
/*
 * Files of messages that have left, kept in free/ for new messages: to rename
 * and empty an inode costs the file system a fraction of freeing one and
 * making another (measured: more than half of qmgr's time per message).
 *
 * A file is used again only when nobody else has it open, which the kernel
 * tells by granting a write lease: smtpd wrote through a descriptor of its
 * own, and a process that kept one could otherwise write into the next
 * message, or read it.  Of a file that was never handed to another process that
 * is known without asking.
 */
#ifndef QMGR_QUEUE_RECYCLE_H
#define QMGR_QUEUE_RECYCLE_H

#include <stdbool.h>

#include "base/err.h"

/* Make or empty free/ beneath ROOT. */
int recycle_init(int root, struct err *err);
/* Keep the file ID of the directory DIRFD, which has left it when this is
 * true.  OWN: qmgr made it, and no other process ever had a descriptor of it.
 * False: enough are kept; the caller removes it. */
bool recycle_put(int dirfd, const char *id, bool own);
/* Make an old file TO/ID, empty; the fd for reading and writing, or -1 when
 * there is none that may be used. */
int recycle_get(int to, const char *id);
/* The disk is full: give back the room that the kept files take. */
void recycle_drop(void);

#endif
