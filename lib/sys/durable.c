/* SPDX-License-Identifier: ISC */
#include "sys/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "sys/fd.h"
#include "sys/fstype.h"

/* From this many files on, one syncfs is cheaper than syncing each: two files
 * with their directories are four flushes of the disk. */
enum { BATCH_SYNCFS = 2 };
/* A thread that nobody needs costs memory in each of thousands of processes. */
enum { IDLE_SECONDS = 10 };

TAILQ_HEAD(req_list, durable_req);

/* A thread and what waits for it. */
struct lane {
	struct durable *owner;
	void (*work)(struct durable *d, struct req_list *batch, size_t n);
	void (*after)(struct durable *d); /* that nobody waits for */
	bool drain;                       /* finish what waits before the end */
	enum { LANE_NONE, LANE_RUNS, LANE_ENDED } state; /* of the thread */
	pthread_t thread;
	sem_t wake; /* a condition would cost a system call more */
	bool idle;  /* nobody has woken it since it waits */
	struct req_list waiting;
	size_t nwaiting;
};

struct durable {
	int fsfd;
	dev_t dev; /* the file system that it is on */
	int eventfd;
	enum sync_method method;
	bool stopping;
	atomic_bool touched;
	bool rest; /* the sync thread's: not reached by the last sync */
	atomic_uint_fast64_t syncs;
	pthread_mutex_t mutex; /* guards the lists, their counts, stopping */
	struct lane sync;
	struct lane remove;
	struct req_list finished;
};

/* syncfs tells of an error once and says 0 from then on, though nothing was
 * written (btrfs); fsync tells each descriptor.  So after the first error of
 * any pool of this process no syncfs is believed. */
static atomic_bool sync_failed;

static int
sync_fd(struct durable *d, int (*sync)(int), int fd)
{
	int error;

	if (fd == -1)
		return 0;
	atomic_fetch_add(&d->syncs, 1);
	error = sync(fd) == -1 ? errno : 0;
	if (error != 0)
		atomic_store(&sync_failed, true);
	return error;
}

/*
 * Each file of BATCH and its directory.  The descriptor of a file is its
 * request's own, so a failed fsync is too.  That of a directory is shared and
 * gives its error to the first who asks: it counts for all that were given
 * their names by then.
 */
static int
sync_each(struct durable *d, struct req_list *batch)
{
	struct durable_req *req;
	int shared = 0;

	TAILQ_FOREACH(req, batch, link)
	{
		req->error = sync_fd(d, fsync, req->fd);
		/* Also when the file failed: others may count on it. */
		if (shared == 0 && req->whole && atomic_load(&sync_failed))
			shared = EIO;
		else if (shared == 0)
			shared = sync_fd(
			    d, req->whole ? fd_sync_entry : fsync, req->dirfd);
	}
	return shared;
}

static void
fail_all(struct req_list *list, int error)
{
	struct durable_req *req;

	TAILQ_FOREACH(req, list, link)
	if (req->error == 0)
		req->error = error;
}

/* An error that is not one file's: BATCH has failed, and what came while it
 * was being synced. */
static void
fail_submitted(struct durable *d, struct req_list *batch, int error)
{
	pthread_mutex_lock(&d->mutex);
	TAILQ_CONCAT(batch, &d->sync.waiting, link);
	d->sync.nwaiting = 0;
	pthread_mutex_unlock(&d->mutex);
	fail_all(batch, error);
}

static dev_t
dev_of(const struct durable_req *req, dev_t unknown)
{
	struct stat st;

	if (req->dev != 0)
		return req->dev;
	return fstat(req->fd != -1 ? req->fd : req->dirfd, &st) == 0 ? st.st_dev
								     : unknown;
}

/* Does one syncfs reach all of BATCH?  Other file systems may be mounted
 * beneath, for the accounts of a domain perhaps. */
static bool
is_one_fs(const struct durable *d, const struct req_list *batch)
{
	const struct durable_req *req;

	TAILQ_FOREACH(req, batch, link)
	if (dev_of(req, d->dev) != d->dev)
		return false;
	return true;
}

/* What was touched costs no more than another file. */
static bool
want_whole(const struct durable *d, size_t n, bool touched)
{
	return d->method == SYNC_SYNCFS ||
	       (d->method == SYNC_AUTO && n + touched >= BATCH_SYNCFS);
}

/* Has this kernel no syncfs, or this file system? */
static bool
is_unknown(int error)
{
	return error == ENOSYS || error == EINVAL || error == EOPNOTSUPP;
}

static void
sync_batch(struct durable *d, struct req_list *batch, size_t n)
{
	/* What is touched from now on may come too late for this one. */
	const bool touched = atomic_exchange(&d->touched, false);
	bool whole = !atomic_load(&sync_failed) && want_whole(d, n, touched) &&
		     is_one_fs(d, batch);
	int error = whole ? sync_fd(d, fd_syncfs, d->fsfd) : 0;

	if (is_unknown(error))
		whole = false;
	if (!whole)
		error = sync_each(d, batch);

	d->rest = touched && !whole;
	if (error != 0)
		fail_submitted(d, batch, error);
}

static void
sync_rest(struct durable *d)
{
	if (d->rest)
		(void)sync_fd(d, fd_syncfs, d->fsfd);
	d->rest = false;
}

static void
remove_batch(struct durable *d, struct req_list *batch, size_t n)
{
	struct durable_req *req;

	(void)d;
	(void)n;
	TAILQ_FOREACH(req, batch, link)
	req->error = unlinkat(req->dirfd, req->name, 0) == -1 ? errno : 0;
}

/* Until there is work for LANE; false when nobody has any. */
static bool
lane_wait(struct lane *lane)
{
	struct durable *d = lane->owner;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	while (TAILQ_EMPTY(&lane->waiting) && !d->stopping) {
		bool late;

		lane->idle = true;
		pthread_mutex_unlock(&d->mutex);
		late =
		    sem_clockwait(&lane->wake, CLOCK_MONOTONIC, &until) == -1 &&
		    errno == ETIMEDOUT;
		pthread_mutex_lock(&d->mutex);
		lane->idle = false;
		if (late)
			return !TAILQ_EMPTY(&lane->waiting);
	}
	return !d->stopping || (lane->drain && !TAILQ_EMPTY(&lane->waiting));
}

/* Do what waits (d->mutex is held, and not during the work). */
static void
lane_work(struct lane *lane)
{
	struct durable *d = lane->owner;
	struct req_list batch;
	const size_t n = lane->nwaiting;
	uint64_t one = 1;

	TAILQ_INIT(&batch);
	TAILQ_CONCAT(&batch, &lane->waiting, link);
	lane->nwaiting = 0;
	pthread_mutex_unlock(&d->mutex);
	lane->work(d, &batch, n);
	pthread_mutex_lock(&d->mutex);
	TAILQ_CONCAT(&d->finished, &batch, link);
	pthread_mutex_unlock(&d->mutex);
	/* not under the lock, which the loop wants when it wakes */
	must(write(d->eventfd, &one, sizeof one) == sizeof one);
	if (lane->after != NULL)
		lane->after(d);
	pthread_mutex_lock(&d->mutex);
}

static void *
lane_thread(void *arg)
{
	struct lane *lane = arg;
	struct durable *d = lane->owner;

	pthread_mutex_lock(&d->mutex);
	while (lane_wait(lane))
		lane_work(lane);
	lane->state = LANE_ENDED;
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

static void
lane_init(struct durable *d, struct lane *lane,
    void (*work)(struct durable *, struct req_list *, size_t), bool drain)
{
	lane->owner = d;
	lane->work = work;
	lane->drain = drain;
	TAILQ_INIT(&lane->waiting);
	must(sem_init(&lane->wake, 0, 0) == 0);
}

/* There is work for LANE (d->mutex is held): a new thread takes it, or (true)
 * one that is to be woken when it can have the lock. */
static bool
lane_start(struct lane *lane)
{
	sigset_t all, old;

	if (lane->state == LANE_RUNS) {
		const bool wake = lane->idle;

		lane->idle = false;
		return wake;
	}
	if (lane->state == LANE_ENDED)
		pthread_join(lane->thread, NULL);
	/* Signals belong to the loop's signalfd. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	lane->state =
	    pthread_create(&lane->thread, NULL, lane_thread, lane) == 0
		? LANE_RUNS
		: LANE_NONE;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	/* The host has no thread to spare: better late than never. */
	if (lane->state == LANE_NONE)
		lane_work(lane);
	return false;
}

static void
lane_submit(struct lane *lane, struct durable_req *req)
{
	struct durable *d = lane->owner;
	bool wake = false;

	req->error = 0;
	pthread_mutex_lock(&d->mutex);
	TAILQ_INSERT_TAIL(&lane->waiting, req, link);
	/* A busy thread looks again by itself. */
	if (lane->nwaiting++ == 0)
		wake = lane_start(lane);
	pthread_mutex_unlock(&d->mutex);
	if (wake)
		sem_post(&lane->wake);
}

/* The other lane may be at work still. */
static void
lane_end(struct lane *lane)
{
	struct durable *d = lane->owner;
	bool ran;

	pthread_mutex_lock(&d->mutex);
	ran = lane->state != LANE_NONE;
	pthread_mutex_unlock(&d->mutex);
	if (ran)
		pthread_join(lane->thread, NULL);
	pthread_mutex_lock(&d->mutex);
	fail_all(&lane->waiting, ECANCELED);
	TAILQ_CONCAT(&d->finished, &lane->waiting, link);
	pthread_mutex_unlock(&d->mutex);
	sem_destroy(&lane->wake);
}

struct durable *
durable_new(int fsfd, enum sync_method method)
{
	struct durable *d = xcalloc(1, sizeof *d);
	const struct fstype *type;
	struct stat st = { 0 };

	/* A description of its own, or its errors may be told to another
	 * process that has inherited the same one. */
	d->fsfd = openat(fsfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	type = d->fsfd != -1 ? fstype_find(d->fsfd) : NULL;
	d->method = d->fsfd != -1 && fstat(d->fsfd, &st) == 0 &&
			    (type == NULL || type->syncfs)
			? method
			: SYNC_FSYNC;
	d->dev = st.st_dev;
	d->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(d->eventfd != -1);
	TAILQ_INIT(&d->finished);
	pthread_mutex_init(&d->mutex, NULL);
	lane_init(d, &d->sync, sync_batch, false);
	d->sync.after = sync_rest;
	lane_init(d, &d->remove, remove_batch, true);
	return d;
}

void
durable_free(struct durable **dp)
{
	struct durable *d = *dp;

	if (d == NULL)
		return;
	pthread_mutex_lock(&d->mutex);
	d->stopping = true;
	pthread_mutex_unlock(&d->mutex);
	sem_post(&d->sync.wake);
	sem_post(&d->remove.wake);
	lane_end(&d->sync);
	lane_end(&d->remove);
	durable_reap(d);
	pthread_mutex_destroy(&d->mutex);
	close(d->eventfd);
	fd_close(&d->fsfd);
	xfree(dp);
}

void
durable_submit(struct durable *d, struct durable_req *req)
{
	lane_submit(&d->sync, req);
}

void
durable_submit_list(struct durable *d, struct durable_list *list)
{
	struct durable_req *req;
	bool wake;

	pthread_mutex_lock(&d->mutex);
	while ((req = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, req, link);
		req->error = 0;
		TAILQ_INSERT_TAIL(&d->sync.waiting, req, link);
		d->sync.nwaiting++;
	}
	wake = lane_start(&d->sync);
	pthread_mutex_unlock(&d->mutex);
	if (wake)
		sem_post(&d->sync.wake);
}

void
durable_touch(struct durable *d)
{
	atomic_store(&d->touched, true);
}

bool
durable_touched(const struct durable *d)
{
	return atomic_load(&d->touched);
}

void
durable_remove(struct durable *d, struct durable_req *req)
{
	lane_submit(&d->remove, req);
}

int
durable_fd(const struct durable *d)
{
	return d->eventfd;
}

void
durable_reap(struct durable *d)
{
	struct req_list done;
	struct durable_req *req;

	TAILQ_INIT(&done);
	pthread_mutex_lock(&d->mutex);
	TAILQ_CONCAT(&done, &d->finished, link);
	pthread_mutex_unlock(&d->mutex);
	while ((req = TAILQ_FIRST(&done)) != NULL) {
		TAILQ_REMOVE(&done, req, link);
		req->done(req, req->error);
	}
}

uint64_t
durable_syncs(const struct durable *d)
{
	return atomic_load(&d->syncs);
}
