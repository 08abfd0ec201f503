/* SPDX-License-Identifier: ISC */
/*
 * The spool's files and directories; doc/queue-format.md tells what a crash in
 * each state leaves.
 *
 *   tmp/<id>        being written; nothing was promised, removed at the start
 *   new/<hh>/<id>   accepted, not yet put off
 *   cur/<hh>/<id>   put off or held at least once
 *   bad/<id>        could not be understood (qmgr/queue/bad.h)
 *   free/<id>       has left; its file is used again (qmgr/queue/recycle.h)
 *   index/          of what waits (qmgr/queue/qindex.h)
 *
 * <hh> is a hash of the id, so that no directory grows beyond reason.
 */
#ifndef QMGR_QUEUE_SPOOL_H
#define QMGR_QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "queue/envelope.h"

struct durable_req;

enum spool_place { SPOOL_NEW, SPOOL_CUR, SPOOL_PLACES };

/* Make what is missing of the spool beneath DIRFD (kept), remove tmp files. */
int spool_init(int dirfd, struct err *err);
/* Could spool_init do that?  It looks, and changes nothing. */
int spool_try(int dirfd, const char *path, struct err *err);
/* Start the sync threads; after the sandbox is closed.  METHOD: an enum
 * sync_method. */
void spool_start(unsigned method);
void spool_stop(void);

/* A fresh id, unique in this spool. */
void spool_new_id(char id[ENVELOPE_ID_BYTES]);

/* Create tmp/<id> for reading and writing; the fd or -1. */
int spool_create(const char *id, struct err *err);
/* Open tmp/<id> once more, for writing alone or for reading alone; the fd or
 * -1. */
int spool_open_writer(const char *id, struct err *err);
int spool_open_reader(const char *id, struct err *err);
/* Has nobody but FD the file open for writing? */
bool spool_is_ours(int fd);
/* Rename tmp/<id> to new/; not durable before spool_sync's done(). */
int spool_publish(const char *id, struct err *err);
/* Make the published file behind FD durable, then call req->done. */
void spool_sync(struct durable_req *req, const char *id, int fd);
/* Take back a published file whose sync failed: no scan finds it any more. */
void spool_withdraw(const char *id);
/* Remove tmp/<id>. */
void spool_discard(const char *id);

/* Put tmp/<id>, which is synced, in the place of a message's file, durably. */
int spool_replace(const char *id, enum spool_place place, struct err *err);
/* Open a message's file; the fd or -1. */
int spool_open(
    const char *id, enum spool_place place, int flags, struct err *err);
/* Remove an accepted message that was delivered or reported: its file is kept
 * for another, or unlinked, not at once, because that can wait for the disk.
 * OWN: as for recycle_put. */
void spool_remove(const char *id, enum spool_place place, bool own);
/* How many are still to be unlinked. */
size_t spool_removals(void);
int spool_move(const char *id, enum spool_place from, enum spool_place to,
    struct err *err);
/* Put a file that cannot be understood into bad/ and say so in the log. */
void spool_set_aside(const char *id, enum spool_place place, const char *why);
/* Bring bad/NAME to cur/ as ID, and back again. */
int spool_restore(struct slice name, const char *id, struct err *err);
int spool_unrestore(struct slice name, const char *id, struct err *err);

#endif
