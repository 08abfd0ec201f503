/* SPDX-License-Identifier: ISC */
#include "ev/linger.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ev/loop.h"

enum {
	AT_ONCE = 256, /* connections; those beyond are closed at once */
	PIECE = 4096,
};

struct lingering {
	struct ev_io io;
	struct ev_timer deadline;
};

static unsigned nlingering;

static void
linger_end(struct lingering *l)
{
	ev_timer_stop(&l->deadline);
	ev_io_stop(&l->io);
	close(l->io.fd);
	free(l);
	nlingering--;
}

static void
on_deadline(struct ev_timer *t)
{
	linger_end(OUTER(t, struct lingering, deadline));
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	char away[PIECE];
	const ssize_t n = recv(io->fd, away, sizeof away, 0);

	(void)events;
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		linger_end(OUTER(io, struct lingering, io));
}

void
linger_close(int fd, int64_t ms)
{
	char away[PIECE];
	struct lingering *l;

	(void)shutdown(fd, SHUT_WR);
	if (nlingering == AT_ONCE) {
		(void)recv(fd, away, sizeof away, MSG_DONTWAIT);
		close(fd);
		return;
	}
	nlingering++;
	l = xcalloc(1, sizeof *l);
	ev_io_init(&l->io, fd, on_ready);
	ev_timer_init(&l->deadline, on_deadline);
	ev_io_set(&l->io, EV_READ);
	ev_timer_set(&l->deadline, ms);
}
