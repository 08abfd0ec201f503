/* SPDX-License-Identifier: ISC */
#include "qmgr/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/recycle.h"
#include "sys/beneath.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	FANOUT = 256,
	SCAN_A_CALL = 256, /* names visited in one call of spool_scan */
};

static const char *const place_names[] = { "new", "cur" };

static struct {
	int root;
	int tmp;
	int bad;
	int dirs[SPOOL_PLACES][FANOUT];
	struct durable *durable;
	struct ev_io reaper;
	/* The scan: where it stands. */
	unsigned scan_place;
	unsigned scan_dir;
	DIR *scan;
} spool = { .root = -1, .tmp = -1, .bad = -1 };

static struct metric syncs = { .name = "pabal_qmgr_syncs",
	.help = "fsync and syncfs calls made for the spool." };
static struct metric set_aside = { .name = "pabal_qmgr_set_aside",
	.help = "Files moved to bad/ because they could not be understood." };

static unsigned
dir_of(const char *id)
{
	return crc32c(0, slice_str(id)) % FANOUT;
}

int
spool_open_dir(int at, const char *name, struct err *err)
{
	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return err_sys(err, ERR_TEMP, "mkdir %s", name);
	return beneath_open(at, name, O_RDONLY | O_DIRECTORY, 0, err);
}

size_t
spool_empty_dir(int dirfd)
{
	const int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	size_t n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			n += unlinkat(dirfd, e->d_name, 0) == 0;
	closedir(d);
	return n;
}

/* What stands in tmp was never acknowledged. */
static void
clean_tmp(void)
{
	const size_t n = spool_empty_dir(spool.tmp);

	if (n > 0)
		log_info("spool.tmp-removed", kv_u("files", n));
}

static int
init_places(struct err *err)
{
	for (unsigned p = 0; p < SPOOL_PLACES; p++) {
		int top = spool_open_dir(spool.root, place_names[p], err);

		if (top == -1)
			return -1;
		for (unsigned i = 0; i < FANOUT; i++) {
			char hh[4];

			snprintf(hh, sizeof hh, "%02x", i);
			spool.dirs[p][i] = spool_open_dir(top, hh, err);
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
spool_init(int dirfd, struct err *err)
{
	spool.root = dirfd;
	spool.tmp = spool_open_dir(dirfd, "tmp", err);
	spool.bad = spool_open_dir(dirfd, "bad", err);
	if (spool.tmp == -1 || spool.bad == -1 || init_places(err) == -1 ||
	    recycle_init(dirfd, err) == -1)
		return -1;
	clean_tmp();
	metric_register(&syncs);
	metric_register(&set_aside);
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
spool_start(enum sync_method method)
{
	spool.durable = durable_new(spool.root, method);
	ev_io_init(&spool.reaper, durable_fd(spool.durable), on_reap);
	ev_io_set(&spool.reaper, EV_READ);
}

void
spool_stop(void)
{
	ev_io_stop(&spool.reaper);
	durable_free(&spool.durable);
}

/* Microseconds in base 32, then two random digits: ids sort by time, and a
 * clock that was set back does not make an old id come again. */
void
spool_new_id(char id[ENVELOPE_ID_BYTES])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	static int64_t last;
	int64_t now = clock_wall_us();

	if (now <= last)
		now = last + 1;
	last = now;
	for (int i = 10; i >= 0; i--, now >>= 5)
		id[i] = digits[now & 31];
	id[11] = digits[arc4random_uniform(32)];
	id[12] = digits[arc4random_uniform(32)];
	id[13] = '\0';
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

int
spool_publish(const char *id, struct err *err)
{
	const int to = spool.dirs[SPOOL_NEW][dir_of(id)];

	if (renameat2(spool.tmp, id, to, id, RENAME_NOREPLACE) == -1)
		return err_sys(err, ERR_TEMP, "rename tmp/%s to new", id);
	return 0;
}

void
spool_sync(struct durable_req *req, const char *id, int fd)
{
	req->fd = fd;
	req->dirfd = spool.dirs[SPOOL_NEW][dir_of(id)];
	durable_submit(spool.durable, req);
}

void
spool_discard(const char *id)
{
	(void)unlinkat(spool.tmp, id, 0);
}

int
spool_open(const char *id, enum spool_place place, int flags, struct err *err)
{
	const int fd = openat(spool.dirs[place][dir_of(id)], id,
	    flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return err_sys(
		    err, ERR_TEMP, "open %s/%s", place_names[place], id);
	return fd;
}

/* A removal under way. */
struct removal {
	struct durable_req req;
	char id[ENVELOPE_ID_BYTES];
};

static void
on_removed(struct durable_req *req, int error)
{
	struct removal *r = OUTER(req, struct removal, req);

	/* It will be delivered again after a restart: that must be known. */
	if (error != 0)
		log_err("spool.trouble", kv_s("qid", r->id),
		    kv_s("why", strerrordesc_np(error)));
	free(r);
}

void
spool_remove(const char *id, enum spool_place place)
{
	const int dir = spool.dirs[place][dir_of(id)];
	struct removal *r;

	if (recycle_put(dir, id))
		return;
	r = xcalloc(1, sizeof *r);
	strlcpy(r->id, id, sizeof r->id);
	r->req.done = on_removed;
	r->req.dirfd = dir;
	r->req.name = r->id;
	durable_remove(spool.durable, &r->req);
}

int
spool_move(
    const char *id, enum spool_place from, enum spool_place to, struct err *err)
{
	const unsigned dir = dir_of(id);

	if (renameat2(spool.dirs[from][dir], id, spool.dirs[to][dir], id,
		RENAME_NOREPLACE) == -1)
		return err_sys(err, ERR_TEMP, "rename %s from %s to %s", id,
		    place_names[from], place_names[to]);
	return 0;
}

static void
set_aside_from(int dirfd, const char *id, const char *why)
{
	char name[300];
	struct err err = { 0 };

	metric_add(&set_aside, 1);
	log_err("spool.set-aside", kv_s("qid", id), kv_s("why", why));
	/* A second file of that name must not replace the first. */
	for (unsigned n = 0; n < 100; n++) {
		if (n == 0)
			snprintf(name, sizeof name, "%s", id);
		else
			snprintf(name, sizeof name, "%s.%u", id, n);
		if (renameat2(dirfd, id, spool.bad, name, RENAME_NOREPLACE) ==
		    0)
			return;
		if (errno != EEXIST)
			break;
	}
	err_sys(&err, ERR_TEMP, "rename to bad/%s", name);
	log_err("spool.trouble", kv_s("qid", id), kv_s("why", err.text));
}

void
spool_set_aside(const char *id, enum spool_place place, const char *why)
{
	set_aside_from(spool.dirs[place][dir_of(id)], id, why);
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

bool
spool_scan(void (*fn)(const char *name, enum spool_place place))
{
	for (int n = 0; n < SCAN_A_CALL;) {
		const struct dirent *e =
		    spool.scan != NULL ? readdir(spool.scan) : NULL;

		if (e == NULL) {
			if (!scan_next_dir())
				return false;
			continue;
		}
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (strlen(e->d_name) < ENVELOPE_ID_BYTES &&
		    dir_of(e->d_name) == spool.scan_dir - 1)
			fn(e->d_name, (enum spool_place)spool.scan_place);
		else
			set_aside_from(dirfd(spool.scan), e->d_name,
			    "a file that does not belong here");
	}
	return true;
}
