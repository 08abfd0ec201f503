/* SPDX-License-Identifier: ISC */
#include "imapd/selected/dirwatch.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "maildir/name.h"
#include "store/account.h"
#include "sys/fd.h"

enum {
	EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
		 IN_ONLYDIR | IN_DONT_FOLLOW,
	SUBDIRS = 2, /* new, cur */
};

/* A directory that is watched, for all sessions that wait for it. */
struct dir {
	int wd;
	unsigned refs;
	LIST_HEAD(, half) waiting;
};

/* One of the two directories of a watch. */
struct half {
	struct dir *dir; /* NULL: not watched */
	struct dirwatch *watch;
	LIST_ENTRY(half) link;
};

struct dirwatch {
	struct dirwatch_user *user;
	struct half half[SUBDIRS];
	struct ev_task changed;
};

static struct {
	struct ev_io io;
	struct map dirs; /* by watch descriptor */
	int mailfd;
	unsigned watches; /* so many have it open */
	bool told;        /* that it cannot be had */
} watching;

static struct slice
key_of(const int *wd)
{
	return slice_of(wd, sizeof *wd);
}

static void
on_changed(struct ev_task *task)
{
	struct dirwatch_user *u = OUTER(task, struct dirwatch, changed)->user;

	u->on_change(u);
}

static void
tell(int wd)
{
	struct dir *d = map_find(&watching.dirs, key_of(&wd));
	struct half *h;

	if (d == NULL)
		return;
	LIST_FOREACH(h, &d->waiting, link)
	ev_task_queue(&h->watch->changed);
}

static void
tell_all(void)
{
	struct map_iter it = { 0 };

	while (map_next(&watching.dirs, &it))
		tell(((struct dir *)it.value)->wd);
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	alignas(struct inotify_event) char data[8192];
	ssize_t n;

	(void)events;
	while ((n = read(io->fd, data, sizeof data)) > 0)
		for (ssize_t at = 0; at < n;) {
			struct inotify_event e;

			memcpy(&e, data + at, sizeof e);
			if ((e.mask & IN_Q_OVERFLOW) != 0)
				tell_all();
			else
				tell(e.wd);
			at += (ssize_t)(sizeof e + e.len);
		}
}

void
dirwatch_init(int mailfd)
{
	map_init(&watching.dirs);
	watching.mailfd = mailfd;
}

/* The kernel has few of these for a uid (fs.inotify.max_user_instances), and
 * there may be a process for each account: it is open while somebody waits. */
static bool
open_watching(void)
{
	const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd != -1 && fchdir(watching.mailfd) == 0) {
		ev_io_init(&watching.io, fd, on_ready);
		ev_io_set(&watching.io, EV_READ);
		return true;
	}
	if (!watching.told)
		log_info("imapd.inotify-unavailable",
		    kv_s("why", strerrordesc_np(errno)));
	watching.told = true;
	if (fd != -1)
		close(fd);
	return false;
}

static void
close_watching(void)
{
	ev_io_stop(&watching.io);
	close(watching.io.fd);
}

static void
watch_half(struct half *h, const char *path)
{
	const int wd = inotify_add_watch(watching.io.fd, path, EVENTS);
	struct dir *d;

	if (wd == -1)
		return;
	d = map_find(&watching.dirs, key_of(&wd));
	if (d == NULL) {
		d = xcalloc(1, sizeof *d);
		d->wd = wd;
		LIST_INIT(&d->waiting);
		map_put(&watching.dirs, key_of(&wd), d);
	}
	d->refs++;
	h->dir = d;
	LIST_INSERT_HEAD(&d->waiting, h, link);
}

static void
unwatch_half(struct half *h)
{
	struct dir *d = h->dir;

	if (d == NULL)
		return;
	LIST_REMOVE(h, link);
	if (--d->refs > 0)
		return;
	map_del(&watching.dirs, key_of(&d->wd));
	(void)inotify_rm_watch(watching.io.fd, d->wd);
	xfree(&d);
}

static struct dirwatch *
watch_new(struct dirwatch_user *u)
{
	struct dirwatch *w;

	if (watching.watches == 0 && !open_watching())
		return NULL;
	watching.watches++;
	w = xcalloc(1, sizeof *w);
	w->user = u;
	ev_task_init(&w->changed, on_changed);
	for (size_t i = 0; i < SUBDIRS; i++)
		w->half[i].watch = w;
	return w;
}

/* The path of directory I of the mailbox NAME; BUF keeps it. */
static const char *
subdir(struct buf *path, const struct account *a, struct slice name, size_t i)
{
	static const char *const subdirs[SUBDIRS] = { "new", "cur" };

	buf_reset(path);
	buf_adds(path, account_path(a));
	buf_addc(path, '/');
	(void)name_to_dir(path, name);
	buf_addf(path, "/%s", subdirs[i]);
	return buf_cstr(path);
}

struct dirwatch *
dirwatch_start(
    struct dirwatch_user *u, const struct account *a, struct slice name)
{
	struct dirwatch *w = watch_new(u);
	struct buf path;

	if (w == NULL)
		return NULL;
	buf_init(&path, PATH_MAX);
	for (size_t i = 0; i < SUBDIRS; i++)
		watch_half(&w->half[i], subdir(&path, a, name, i));
	buf_fini(&path);
	return w;
}

struct dirwatch *
dirwatch_start_names(struct dirwatch_user *u, const struct account *a)
{
	struct dirwatch *w = watch_new(u);

	if (w != NULL)
		watch_half(&w->half[0], account_path(a));
	return w;
}

void
dirwatch_stop(struct dirwatch **w)
{
	if (*w == NULL)
		return;
	for (size_t i = 0; i < SUBDIRS; i++)
		unwatch_half(&(*w)->half[i]);
	ev_task_cancel(&(*w)->changed);
	if (--watching.watches == 0)
		close_watching();
	xfree(w);
}
