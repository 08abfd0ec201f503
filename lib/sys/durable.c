/* SPDX-License-Identifier: ISC */
#include "sys/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "sys/fd.h"

/* From this many files on, one syncfs is cheaper than syncing each: two files
 * with their directories are four flushes of the disk. */
enum { BATCH_SYNCFS = 2 };

TAILQ_HEAD(req_list, durable_req);

/* A thread and what waits for it. */
struct lane {
	struct durable *owner;
	void (*work)(struct durable *d, struct req_list *batch, size_t n);
	bool drain; /* finish what waits before the end */
	pthread_t thread;
	pthread_cond_t wake;
	struct req_list waiting;
	size_t nwaiting;
};

struct durable {
	int fsfd;
	int eventfd;
	enum sync_method method;
	bool stopping;
	atomic_uint_fast64_t syncs;
	pthread_mutex_t mutex; /* guards the lists, their counts, stopping */
	struct lane sync;
	struct lane remove;
	struct req_list finished;
};

static int
sync_one(struct durable *d, const struct durable_req *req)
{
	if (req->fd != -1) {
		atomic_fetch_add(&d->syncs, 1);
		if (fsync(req->fd) == -1)
			return errno;
	}
	if (req->dirfd != -1) {
		atomic_fetch_add(&d->syncs, 1);
		if (fsync(req->dirfd) == -1)
			return errno;
	}
	return 0;
}

static void
sync_batch(struct durable *d, struct req_list *batch, size_t n)
{
	const bool whole = d->method == SYNC_SYNCFS ||
			   (d->method == SYNC_AUTO && n >= BATCH_SYNCFS);
	struct durable_req *req;
	int error = 0;

	if (whole) {
		atomic_fetch_add(&d->syncs, 1);
		error = syncfs(d->fsfd) == -1 ? errno : 0;
	}
	TAILQ_FOREACH(req, batch, link)
	req->error = whole ? error : sync_one(d, req);
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

static void *
lane_thread(void *arg)
{
	struct lane *lane = arg;
	struct durable *d = lane->owner;
	struct req_list batch;
	uint64_t one = 1;
	size_t n;

	pthread_mutex_lock(&d->mutex);
	for (;;) {
		while (TAILQ_EMPTY(&lane->waiting) && !d->stopping)
			pthread_cond_wait(&lane->wake, &d->mutex);
		if (d->stopping &&
		    (!lane->drain || TAILQ_EMPTY(&lane->waiting)))
			break;
		TAILQ_INIT(&batch);
		TAILQ_CONCAT(&batch, &lane->waiting, link);
		n = lane->nwaiting;
		lane->nwaiting = 0;
		pthread_mutex_unlock(&d->mutex);
		lane->work(d, &batch, n);
		pthread_mutex_lock(&d->mutex);
		TAILQ_CONCAT(&d->finished, &batch, link);
		must(write(d->eventfd, &one, sizeof one) == sizeof one);
	}
	pthread_mutex_unlock(&d->mutex);
	return NULL;
}

static void
lane_start(struct durable *d, struct lane *lane,
    void (*work)(struct durable *, struct req_list *, size_t), bool drain)
{
	sigset_t all, old;

	lane->owner = d;
	lane->work = work;
	lane->drain = drain;
	TAILQ_INIT(&lane->waiting);
	pthread_cond_init(&lane->wake, NULL);
	/* Signals belong to the loop's signalfd. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	must(pthread_create(&lane->thread, NULL, lane_thread, lane) == 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
lane_submit(struct lane *lane, struct durable_req *req)
{
	struct durable *d = lane->owner;

	pthread_mutex_lock(&d->mutex);
	TAILQ_INSERT_TAIL(&lane->waiting, req, link);
	/* A busy thread looks again by itself. */
	if (lane->nwaiting++ == 0)
		pthread_cond_signal(&lane->wake);
	pthread_mutex_unlock(&d->mutex);
}

static void
lane_end(struct lane *lane)
{
	struct durable_req *req;

	pthread_join(lane->thread, NULL);
	TAILQ_FOREACH(req, &lane->waiting, link)
	req->error = ECANCELED;
	TAILQ_CONCAT(&lane->owner->finished, &lane->waiting, link);
	pthread_cond_destroy(&lane->wake);
}

struct durable *
durable_new(int fsfd, enum sync_method method)
{
	struct durable *d = xcalloc(1, sizeof *d);

	d->fsfd = fsfd;
	d->method = method;
	d->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(d->eventfd != -1);
	TAILQ_INIT(&d->finished);
	pthread_mutex_init(&d->mutex, NULL);
	lane_start(d, &d->sync, sync_batch, false);
	lane_start(d, &d->remove, remove_batch, true);
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
	pthread_cond_signal(&d->sync.wake);
	pthread_cond_signal(&d->remove.wake);
	pthread_mutex_unlock(&d->mutex);
	lane_end(&d->sync);
	lane_end(&d->remove);
	durable_reap(d);
	pthread_mutex_destroy(&d->mutex);
	close(d->eventfd);
	xfree(dp);
}

void
durable_submit(struct durable *d, struct durable_req *req)
{
	lane_submit(&d->sync, req);
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
	uint64_t n;

	(void)!read(d->eventfd, &n, sizeof n);
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

static int
own_as(int fd, const char *name, const struct stat *like, struct err *err)
{
	if (fchmod(fd, like->st_mode & 07777) == -1)
		return err_sys(err, ERR_TEMP, "set the mode of %s", name);
	if (fchown(fd, like->st_uid, like->st_gid) == -1)
		return err_sys(err, ERR_TEMP, "set the owner of %s", name);
	return 0;
}

int
durable_replace(int dirfd, const char *name, struct slice body, mode_t mode,
    struct err *err)
{
	const struct stat like = {
		.st_mode = mode,
		.st_uid = (uid_t)-1,
		.st_gid = (gid_t)-1,
	};

	return durable_replace_like(dirfd, name, body, &like, err);
}

int
durable_replace_like(int dirfd, const char *name, struct slice body,
    const struct stat *like, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	char tmp[256];
	int rc = -1;
	int fd;

	snprintf(tmp, sizeof tmp, ".%.200s.%08x", name, arc4random());
	fd = openat(dirfd, tmp, flags, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", tmp);
	if (own_as(fd, tmp, like, err) == -1)
		goto out;
	if (fd_write_all(fd, body, err) == -1 || fd_sync(fd, err) == -1)
		goto out;
	if (renameat(dirfd, tmp, dirfd, name) == -1) {
		err_sys(err, ERR_TEMP, "rename %s to %s", tmp, name);
		goto out;
	}
	rc = fd_sync(dirfd, err);
out:
	if (rc == -1)
		(void)unlinkat(dirfd, tmp, 0);
	close(fd);
	return rc;
}
