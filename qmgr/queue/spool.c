/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/crc32c.h"
#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/queue/bad.h"
#include "qmgr/queue/recycle.h"
#include "qmgr/queue/spool_names.h"
#include "qmgr/queue/subdir.h"
#include "qmgr/queue/unsynced.h"
#include "sys/clock.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "sys/filetime.h"
#include "sys/id.h"
#include "sys/workdir.h"

enum {
	FANOUT = 256,
	SCAN_MS = 5, /* in one call of spool_scan */
	REMOVE_AGAIN_MS = 60000,
};

static const char *const place_names[] = { "new", "cur" };

static struct {
	int root;
	int tmp;
	dev_t dev; /* of tmp */
	int dirs[SPOOL_PLACES][FANOUT];
	struct durable *durable;
	struct ev_io reaper;
	/* The scan: where it stands. */
	unsigned scan_place;
	unsigned scan_dir;
	DIR *scan;
	bool scanning; /* FN is being called, the first time for all */
	bool again;    /* not the first time */
} spool = { .root = -1, .tmp = -1 };

static struct metric syncs = { .name = "pabal_qmgr_syncs",
	.help = "fsync and syncfs calls made for the spool." };

static unsigned
dir_of(const char *id)
{
	return crc32c(0, slice_str(id)) % FANOUT;
}

/* What stands in tmp was never acknowledged. */
static void
clean_tmp(void)
{
	const size_t n = subdir_empty(spool.tmp);

	if (n > 0)
		log_info("spool.tmp-removed", kv_u("files", n));
}

static int
init_places(struct err *err)
{
	for (unsigned p = 0; p < SPOOL_PLACES; p++) {
		int top = subdir_open(spool.root, place_names[p], err);

		if (top == -1)
			return -1;
		for (unsigned i = 0; i < FANOUT; i++) {
			char hh[4];

			snprintf(hh, sizeof hh, "%02x", i);
			spool.dirs[p][i] = subdir_open(top, hh, err);
			if (spool.dirs[p][i] == -1) {
				fd_close(&top);
				return -1;
			}
		}
		/* The new directories themselves must survive. */
		if (fd_sync(top, err) == -1) {
			fd_close(&top);
			return -1;
		}
		fd_close(&top);
	}
	return fd_sync(spool.root, err);
}

int
spool_try(int dirfd, const char *path, struct err *err)
{
	static const char *const tops[] = { "tmp", "new", "cur", "bad",
		"free" };

	if (workdir_try(dirfd, path, err) == -1)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(tops); i++)
		if (workdir_try_sub(dirfd, path, tops[i], err) == -1)
			return -1;
	for (unsigned i = 0; i < SPOOL_PLACES * FANOUT; i++) {
		char name[16];

		snprintf(name, sizeof name, "%s/%02x", place_names[i / FANOUT],
		    i % FANOUT);
		if (workdir_try_sub(dirfd, path, name, err) == -1)
			return -1;
	}
	return 0;
}

int
spool_init(int dirfd, struct err *err)
{
	struct stat st;

	spool.root = dirfd;
	spool.tmp = subdir_open(dirfd, "tmp", err);
	spool.dev = fstat(spool.tmp, &st) == 0 ? st.st_dev : 0;
	if (spool.tmp == -1 || bad_init(dirfd, err) == -1 ||
	    init_places(err) == -1 || recycle_init(dirfd, err) == -1)
		return -1;
	clean_tmp();
	metric_register(&syncs);
	return 0;
}

static void
on_reap(struct ev_io *io, unsigned events)
{
	(void)io;
	(void)events;
	durable_reap(spool.durable);
	metric_set(&syncs, (int64_t)durable_syncs(spool.durable));
}

void
spool_start(unsigned method)
{
	spool.durable = durable_new(spool.root, method);
	unsynced_start(spool.durable);
	ev_io_init(&spool.reaper, durable_fd(spool.durable), on_reap);
	spool.reaper.edge = true;
	ev_io_set(&spool.reaper, EV_READ);
}

void
spool_stop(void)
{
	ev_io_stop(&spool.reaper);
	unsynced_stop();
	durable_free(&spool.durable);
}

/* The tail is random: a clock that was set back does not make an old id come
 * again. */
void
spool_new_id(char id[ENVELOPE_ID_BYTES])
{
	id_new(id, id_random(), 2);
}

int
spool_create(const char *id, struct err *err)
{
	int fd = recycle_get(spool.tmp, id);

	if (fd == -1)
		fd = openat(spool.tmp, id,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create tmp/%s", id);
	return fd;
}

static int
open_tmp(const char *id, int flags, struct err *err)
{
	const int fd = openat(spool.tmp, id, flags | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open tmp/%s", id);
	return fd;
}

int
spool_open_writer(const char *id, struct err *err)
{
	return open_tmp(id, O_WRONLY, err);
}

int
spool_open_reader(const char *id, struct err *err)
{
	return open_tmp(id, O_RDONLY, err);
}

/* The kernel gives a write lease where no other description is open. */
bool
spool_is_ours(int fd)
{
	static bool said;

	if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		return fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
	if (errno == EAGAIN)
		return false;
	/* A file system without leases (NFS): nothing can be known. */
	if (!said)
		log_warn("spool.leases-unsupported",
		    kv_s("why", strerrordesc_np(errno)));
	said = true;
	return true;
}

int
spool_publish(const char *id, struct err *err)
{
	const int to = spool.dirs[SPOOL_NEW][dir_of(id)];

	if (fd_rename_new(spool.tmp, id, to, id) == -1)
		return err_sys(err, ERR_TEMP, "rename tmp/%s to new", id);
	return 0;
}

void
spool_sync(struct durable_req *req, const char *id, int fd)
{
	req->fd = fd;
	req->dev = spool.dev;
	req->dirfd = spool.dirs[SPOOL_NEW][dir_of(id)];
	durable_submit(spool.durable, req);
}

void
spool_discard(const char *id)
{
	(void)unlinkat(spool.tmp, id, 0);
}

int
spool_replace(const char *id, enum spool_place place, struct err *err)
{
	const int to = spool.dirs[place][dir_of(id)];

	if (renameat(spool.tmp, id, to, id) == -1)
		return err_sys(err, ERR_TEMP, "rename tmp/%s to %s", id,
		    place_names[place]);
	return fd_sync(to, err);
}

int
spool_open(const char *id, enum spool_place place, int flags, struct err *err)
{
	const int fd = openat(spool.dirs[place][dir_of(id)], id,
	    flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	/* A symbolic link is no file of ours, and stays one. */
	if (fd == -1)
		return err_sys(err, errno == ELOOP ? ERR_PERM : ERR_TEMP,
		    "open %s/%s", place_names[place], id);
	return fd;
}

/* A removal under way, by id: a scan does not find its file any more. */
static struct map removals;

struct removal {
	struct durable_req req;
	struct ev_timer again;
	char id[ENVELOPE_ID_BYTES];
};

static void
on_removed(struct durable_req *req, int error)
{
	struct removal *r = OUTER(req, struct removal, req);

	if (error == 0 || error == ENOENT) {
		unsynced_note();
		map_del(&removals, slice_str(r->id));
		free(r);
		return;
	}
	/* After a restart it would be delivered again. */
	log_err("spool.failed", kv_s("qid", r->id),
	    kv_s("why", strerrordesc_np(error)));
	ev_timer_set(&r->again, REMOVE_AGAIN_MS);
}

static void
on_remove_again(struct ev_timer *t)
{
	struct removal *r = OUTER(t, struct removal, again);

	durable_remove(spool.durable, &r->req);
}

static void
unlink_later(int dirfd, const char *id)
{
	struct removal *r = xcalloc(1, sizeof *r);

	strlcpy(r->id, id, sizeof r->id);
	r->req.done = on_removed;
	r->req.dirfd = dirfd;
	r->req.name = r->id;
	ev_timer_init(&r->again, on_remove_again);
	map_put(&removals, slice_str(r->id), r);
	durable_remove(spool.durable, &r->req);
}

void
spool_remove(const char *id, enum spool_place place, bool own)
{
	const int dir = spool.dirs[place][dir_of(id)];

	if (recycle_put(dir, id, own))
		unsynced_note();
	else
		unlink_later(dir, id);
}

size_t
spool_removals(void)
{
	return removals.count;
}

void
spool_withdraw(const char *id)
{
	const int dir = spool.dirs[SPOOL_NEW][dir_of(id)];

	if (renameat(dir, id, spool.tmp, id) == 0)
		unlink_later(spool.tmp, id);
	else
		unlink_later(dir, id);
}

int
spool_move(
    const char *id, enum spool_place from, enum spool_place to, struct err *err)
{
	const unsigned dir = dir_of(id);

	if (fd_rename_new(spool.dirs[from][dir], id, spool.dirs[to][dir], id) ==
	    -1)
		return err_sys(err, ERR_TEMP, "rename %s from %s to %s", id,
		    place_names[from], place_names[to]);
	return 0;
}

int
spool_restore(struct slice name, const char *id, struct err *err)
{
	return bad_take(name, spool.dirs[SPOOL_CUR][dir_of(id)], id, err);
}

int
spool_unrestore(struct slice name, const char *id, struct err *err)
{
	return bad_give_back(name, spool.dirs[SPOOL_CUR][dir_of(id)], id, err);
}

bool
spool_find(const char *id, enum spool_place *place, struct err *err)
{
	const unsigned dir = dir_of(id);
	struct stat st;

	for (unsigned i = 0; i < SPOOL_PLACES; i++) {
		const unsigned at = (*place + i) % SPOOL_PLACES;

		if (fstatat(spool.dirs[at][dir], id, &st,
			AT_SYMLINK_NOFOLLOW) == 0) {
			*place = (enum spool_place)at;
			return true;
		}
		if (errno != ENOENT) {
			err_sys(err, ERR_TEMP, "stat");
			return false;
		}
	}
	err_set(err, ERR_PERM, "its file is gone");
	return false;
}

int64_t
spool_changed_ns(const char *id, enum spool_place place)
{
	struct stat st;

	if (fstatat(spool.dirs[place][dir_of(id)], id, &st,
		AT_SYMLINK_NOFOLLOW) == -1)
		return INT64_MAX;
	return filetime_changed_ns(&st);
}

bool
spool_drop_twin(const char *id)
{
	const int new = spool.dirs[SPOOL_NEW][dir_of(id)];
	const int cur = spool.dirs[SPOOL_CUR][dir_of(id)];
	struct stat a, b;

	return fstatat(new, id, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(cur, id, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev &&
	       unlinkat(new, id, 0) == 0;
}

void
spool_set_aside(const char *id, enum spool_place place, const char *why)
{
	bad_put(spool.dirs[place][dir_of(id)], id,
	    spool.scanning && place == SPOOL_NEW, why);
}

/* ---- the scan at the start ---- */

static bool
scan_next_dir(void)
{
	int fd;

	if (spool.scan != NULL)
		closedir(spool.scan);
	spool.scan = NULL;
	while (spool.scan == NULL) {
		if (spool.scan_dir == FANOUT) {
			spool.scan_dir = 0;
			spool.scan_place++;
		}
		if (spool.scan_place == SPOOL_PLACES)
			return false;
		fd = fcntl(spool.dirs[spool.scan_place][spool.scan_dir++],
		    F_DUPFD_CLOEXEC, 3);
		spool.scan = fd != -1 ? fdopendir(fd) : NULL;
		if (spool.scan != NULL)
			rewinddir(spool.scan);
	}
	return true;
}

/* FN is not told of what is being removed. */
static void
visit(void (*fn)(const char *name, enum spool_place place), const char *name)
{
	if (map_find(&removals, slice_str(name)) != NULL)
		return;
	spool.scanning = !spool.again;
	fn(name, (enum spool_place)spool.scan_place);
	spool.scanning = false;
}

bool
spool_scan(void (*fn)(const char *name, enum spool_place place))
{
	const int64_t end = clock_ms() + SCAN_MS;

	while (clock_ms() < end) {
		const struct dirent *e =
		    spool.scan != NULL ? readdir(spool.scan) : NULL;

		if (e == NULL) {
			if (!scan_next_dir())
				return false;
			continue;
		}
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (strlen(e->d_name) < ENVELOPE_ID_BYTES &&
		    dir_of(e->d_name) == spool.scan_dir - 1)
			visit(fn, e->d_name);
		else
			bad_put(dirfd(spool.scan), e->d_name, false,
			    "a file that does not belong here");
	}
	return true;
}

void
spool_scan_again(void)
{
	if (spool.scan != NULL)
		closedir(spool.scan);
	spool.scan = NULL;
	spool.scan_place = spool.scan_dir = 0;
	spool.again = true;
}
