/* SPDX-License-Identifier: ISC */
#include "master/mailwatch.h"

#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"

enum {
	/* Once: whoever renames for ever is told of as often as who does it
	 * once. */
	EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
		 IN_ONLYDIR | IN_ONESHOT,
	READ_BYTES = 8192, /* in a turn */
	A_TURN = 100,      /* of those that are told because some were lost */
};

struct mailwatch {
	int wd;
	unsigned
	    refs;  /* one directory has one, however often it is asked for */
	bool live; /* the kernel has it still */
	char home[];
};

static struct {
	struct ev_io io;
	struct ev_task lost;
	struct map live; /* by watch descriptor */
	void (*on_change)(struct slice home);
	bool told; /* that there is none */
} watching = { .io.fd = -1 };

static struct slice
key_of(const int *wd)
{
	return slice_of(wd, sizeof *wd);
}

/* W tells, and is no more for the kernel. */
static void
fire(struct mailwatch *w)
{
	map_del(&watching.live, key_of(&w->wd));
	w->live = false;
	w->refs++;
	watching.on_change(slice_str(w->home));
	mailwatch_close(&w);
}

/* Some events were lost: any of them may have been. */
static void
on_lost(struct ev_task *task)
{
	for (int i = 0; i < A_TURN; i++) {
		struct map_iter it = { 0 };
		struct mailwatch *w;

		if (!map_next(&watching.live, &it))
			return;
		w = it.value;
		(void)inotify_rm_watch(watching.io.fd, w->wd);
		fire(w);
	}
	ev_task_queue(task);
}

static void
take(const struct inotify_event *e)
{
	struct mailwatch *w = map_find(&watching.live, key_of(&e->wd));

	if ((e->mask & IN_Q_OVERFLOW) != 0)
		ev_task_queue(&watching.lost);
	else if (w != NULL)
		fire(w);
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	alignas(struct inotify_event) char data[READ_BYTES];
	const ssize_t n = read(io->fd, data, sizeof data);

	(void)events;
	for (ssize_t at = 0; at < n;) {
		struct inotify_event e;

		memcpy(&e, data + at, sizeof e);
		take(&e);
		at += (ssize_t)(sizeof e + e.len);
	}
}

void
mailwatch_init(void (*on_change)(struct slice home))
{
	watching.on_change = on_change;
	map_init(&watching.live);
	ev_task_init(&watching.lost, on_lost);
}

/* It stays open, once there is one. */
static bool
is_open(void)
{
	const int fd =
	    watching.io.fd == -1 ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;

	if (fd != -1) {
		ev_io_init(&watching.io, fd, on_ready);
		ev_io_set(&watching.io, EV_READ);
	}
	return watching.io.fd != -1;
}

static int
add(int dir)
{
	char path[40];

	if (!is_open())
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
	return inotify_add_watch(watching.io.fd, path, EVENTS);
}

static struct mailwatch *
mailwatch_new(int wd, const char *home)
{
	const size_t n = strlen(home) + 1;
	struct mailwatch *w = xcalloc(1, sizeof *w + n);

	w->wd = wd;
	w->live = true;
	memcpy(w->home, home, n);
	map_put(&watching.live, key_of(&w->wd), w);
	return w;
}

struct mailwatch *
mailwatch_open(int dir, const char *home)
{
	const int wd = add(dir);
	struct mailwatch *w;

	if (wd == -1) {
		if (!watching.told)
			log_warn("master.inotify-unavailable",
			    kv_s("why", strerrordesc_np(errno)));
		watching.told = true;
		return NULL;
	}
	watching.told = false;
	w = map_find(&watching.live, key_of(&wd));
	if (w == NULL)
		w = mailwatch_new(wd, home);
	w->refs++;
	return w;
}

void
mailwatch_close(struct mailwatch **wp)
{
	struct mailwatch *w = *wp;

	*wp = NULL;
	if (w == NULL || --w->refs > 0)
		return;
	if (w->live) {
		map_del(&watching.live, key_of(&w->wd));
		(void)inotify_rm_watch(watching.io.fd, w->wd);
	}
	free(w);
}
