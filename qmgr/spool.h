/* SPDX-License-Identifier: ISC */
/*
 * The spool's files and directories; doc/queue-format.md tells what a crash in
 * each state leaves.
 *
 *   tmp/<id>        being written; nothing was promised, removed at the start
 *   new/<hh>/<id>   accepted, not yet put off
 *   cur/<hh>/<id>   put off or held at least once
 *   bad/<id>        could not be understood; never deleted by pabal
 *   free/<id>       has left; its file is used again (qmgr/recycle.h)
 *
 * <hh> is a hash of the id, so that no directory grows beyond reason.
 */
#ifndef QMGR_SPOOL_H
#define QMGR_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "queue/envelope.h"
#include "sys/durable.h"

enum spool_place { SPOOL_NEW, SPOOL_CUR, SPOOL_PLACES };

/* Make what is missing of the spool beneath DIRFD (kept), remove tmp files. */
int spool_init(int dirfd, struct err *err);
/* Start the sync threads; after the sandbox is closed. */
void spool_start(enum sync_method method);
void spool_stop(void);

/* Make (if need be) and open NAME in AT; -1 and ERR_TEMP. */
int spool_open_dir(int at, const char *name, struct err *err);
/* Remove the files in DIRFD; how many. */
size_t spool_empty_dir(int dirfd);

/* A fresh id, unique in this spool. */
void spool_new_id(char id[ENVELOPE_ID_BYTES]);

/* Create tmp/<id> for reading and writing; the fd or -1. */
int spool_create(const char *id, struct err *err);
/* Rename tmp/<id> to new/; not durable before spool_sync's done(). */
int spool_publish(const char *id, struct err *err);
/* Make the published file behind FD durable, then call req->done. */
void spool_sync(struct durable_req *req, const char *id, int fd);
/* Remove tmp/<id>. */
void spool_discard(const char *id);

/* Open a message's file; the fd or -1. */
int spool_open(
    const char *id, enum spool_place place, int flags, struct err *err);
/* Remove an accepted message that was delivered or reported: its file is kept
 * for another, or unlinked, not at once, because that can wait for the disk. */
void spool_remove(const char *id, enum spool_place place);
int spool_move(const char *id, enum spool_place from, enum spool_place to,
    struct err *err);
/* Put a file that cannot be understood into bad/ and say so in the log. */
void spool_set_aside(const char *id, enum spool_place place, const char *why);

/*
 * Visit accepted messages at the start, a bounded number in each call: FN for
 * each file name.  False when all have been seen.
 */
bool spool_scan(void (*fn)(const char *name, enum spool_place place));

#endif
