/* SPDX-License-Identifier: ISC */
/*
 * Making files durable.
 *
 * Group commit: a caller writes a file, gives it its name (rename), and
 * submits it.  A thread of this module syncs whatever has been submitted when
 * it becomes free: a lone file with fsync of the file and its directory, a
 * batch with one syncfs, if all of it is on the pool's file system.  What is
 * submitted during a sync waits for the next one, so that under load many
 * commits share one.  Because the name may reach the disk before the bytes, a
 * reader must be able to tell a torn file (sizes and checksums in the spool
 * file, S= in a Maildir name).
 *
 * done() runs in the event loop, from durable_reap.  error is 0 or an errno
 * value: then nothing may be believed to be on disk, and a second sync of the
 * same bytes would prove nothing, because the kernel drops what it could not
 * write and reports that once: the caller removes the file, or writes it anew.
 * After the first error each file is synced by itself, whatever the method,
 * until the process ends.
 */
#ifndef SYS_DURABLE_H
#define SYS_DURABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "sys/sync_method.h"

struct durable;

struct durable_req {
	void (*done)(struct durable_req *req, int error);
	int fd;           /* the file; -1: only the directory */
	int dirfd;        /* the directory whose entries changed; -1: none */
	const char *name; /* durable_remove: what to remove from dirfd */
	bool whole;       /* not dirfd alone: all of the file system it is on */
	dev_t dev;        /* the file system of fd; 0: durable asks */
	int error;
	TAILQ_ENTRY(durable_req) link;
};
TAILQ_HEAD(durable_list, durable_req);

/* A pool for the file system that the directory FSFD is on: METHOD, or
 * SYNC_FSYNC where syncfs does not reach the disk (fstype.h). */
struct durable *durable_new(int fsfd, enum sync_method method);
/* Waits for what is under way; open syncs end with ECANCELED. */
void durable_free(struct durable **d);
/* REQ and its fds stay untouched by the caller until done(). */
void durable_submit(struct durable *d, struct durable_req *req);
/* All of LIST, which is empty then, for the same sync. */
void durable_submit_list(struct durable *d, struct durable_list *list);
/* What nobody waits for has changed: all of the file system is synced next
 * time, with SYNC_FSYNC after what is waited for.  _touched: no sync has begun
 * since. A request with neither fd nor dirfd is for that alone. */
void durable_touch(struct durable *d);
bool durable_touched(const struct durable *d);
/* Remove req->name from req->dirfd, in a thread of its own because an unlink
 * waits for pages that are being written; not synced.  What was asked for
 * before durable_free is done. */
void durable_remove(struct durable *d, struct durable_req *req);
/* Becomes readable each time that durable_reap has something to do, and stays
 * so: who waits for it waits for the edge (ev_io.edge). */
int durable_fd(const struct durable *d);
void durable_reap(struct durable *d);
/* fsync and syncfs calls made so far. */
uint64_t durable_syncs(const struct durable *d);

#endif
