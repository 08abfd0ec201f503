/* SPDX-License-Identifier: ISC */
/*
 * Making files durable: the only module that syncs.
 *
 * Group commit: a caller writes a file, gives it its name (rename), and
 * submits it.  A thread of this module syncs whatever has been submitted when
 * it becomes free: a lone file with fsync of the file and its directory, a
 * batch with one syncfs.  What is submitted during a sync waits for the next
 * one, so that under load many commits share one.  Because the name may reach
 * the disk before the bytes, a reader must be able to tell a torn file (sizes
 * and checksums in the spool file, S= in a Maildir name).
 *
 * done() runs in the event loop, from durable_reap.  error is 0 or an errno
 * value: then nothing may be believed to be on disk.
 */
#ifndef SYS_DURABLE_H
#define SYS_DURABLE_H

#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/slice.h"

enum sync_method { SYNC_AUTO, SYNC_FSYNC, SYNC_SYNCFS };

struct durable;

struct durable_req {
	void (*done)(struct durable_req *req, int error);
	int fd;           /* the file; -1: only the directory */
	int dirfd;        /* the directory whose entries changed; -1: none */
	const char *name; /* durable_remove: what to remove from dirfd */
	int error;
	TAILQ_ENTRY(durable_req) link;
};

/* A pool for the file system that FSFD (kept, not owned) lies on. */
struct durable *durable_new(int fsfd, enum sync_method method);
/* Waits for what is under way; open syncs end with ECANCELED. */
void durable_free(struct durable **d);
/* REQ and its fds stay untouched by the caller until done(). */
void durable_submit(struct durable *d, struct durable_req *req);
/* Remove req->name from req->dirfd, in a thread of its own because an unlink
 * waits for pages that are being written; not synced.  What was asked for
 * before durable_free is done. */
void durable_remove(struct durable *d, struct durable_req *req);
/* Readable when durable_reap has something to do. */
int durable_fd(const struct durable *d);
void durable_reap(struct durable *d);
/* fsync and syncfs calls made so far. */
uint64_t durable_syncs(const struct durable *d);

/*
 * Now, blocking: replace NAME in DIRFD by BODY through a temporary file, so
 * that a reader sees the old or the new, and a crash leaves one of them.  For
 * tables and small state, not for hot paths.
 */
int durable_replace(int dirfd, const char *name, struct slice body, mode_t mode,
    struct err *err);
/* The same with mode, owner and group of LIKE (-1: as they come): what root
 * edits stays readable for the daemon it belongs to. */
int durable_replace_like(int dirfd, const char *name, struct slice body,
    const struct stat *like, struct err *err);

#endif
