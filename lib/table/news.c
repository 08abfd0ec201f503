/* SPDX-License-Identifier: ISC */
#include "table/news.h"

#include <stdalign.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"

enum {
	EVENTS = IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE |
		 IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR,
	EVENT_BYTES = 4096,
};

/* The directory itself is gone. */
static bool
has_ended(const char *data, size_t n)
{
	for (size_t at = 0; at < n;) {
		struct inotify_event e;

		memcpy(&e, data + at, sizeof e);
		if ((e.mask & IN_IGNORED) != 0)
			return true;
		at += sizeof e + e.len;
	}
	return false;
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	struct table_news *n = OUTER(io, struct table_news, io);
	alignas(struct inotify_event) char data[EVENT_BYTES];
	const ssize_t got = read(io->fd, data, sizeof data);

	(void)events;
	if (got <= 0)
		return;
	n->changed = true;
	if (has_ended(data, (size_t)got))
		table_news_stop(n);
	n->on_change();
}

void
table_news_start(struct table_news *n, int dirfd, void (*on_change)(void))
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	*n = (struct table_news){ .on_change = on_change, .changed = true };
	if (fd != -1 &&
	    (fchdir(dirfd) == -1 || inotify_add_watch(fd, ".", EVENTS) == -1))
		fd_close(&fd);
	ev_io_init(&n->io, fd, on_ready);
	if (fd != -1)
		ev_io_set(&n->io, EV_READ);
}

void
table_news_stop(struct table_news *n)
{
	ev_io_stop(&n->io);
	fd_close(&n->io.fd);
}

bool
table_news_due(struct table_news *n)
{
	const int64_t now_ms = ev_now_ms();

	if (table_news_sees(n) && !n->changed &&
	    now_ms - n->looked_ms < TABLE_NEWS_EVERY_MS)
		return false;
	n->changed = false;
	n->looked_ms = now_ms;
	return true;
}

bool
table_news_sees(const struct table_news *n)
{
	return n->io.fd != -1;
}
