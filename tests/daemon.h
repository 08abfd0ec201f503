/* SPDX-License-Identifier: ISC */
/* A daemon's handlers in the test's own process, without master: the test
 * holds the other end of its channels and runs its loop. */
#ifndef TESTS_DAEMON_H
#define TESTS_DAEMON_H

#include "tests/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "ev/loop.h"
#include "ipc/frame.h"
#include "ipc/ipc.h"
#include "ipc/setup.h"

/* Our end of a channel to the daemon, who sees ROLE there; -1 if none. */
static inline int
daemon_peer(struct ipc **theirs, enum role role, uid_t uid)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1)
		return -1;
	*theirs = ipc_accept(pair[0], role, 0, uid);
	return pair[1];
}

static inline void
daemon_on_ready(struct ev_io *io, unsigned events)
{
	(void)events;
	ev_io_stop(io);
	ev_stop();
}

/* Run the daemon until FD is ready for EVENTS. */
static inline void
daemon_run(int fd, unsigned events)
{
	struct ev_io io;

	ev_io_init(&io, fd, daemon_on_ready);
	ev_io_set(&io, events);
	ev_run();
}

static inline void
daemon_tell(int fd, const struct msg *m)
{
	struct buf frame;
	int mfd;

	buf_init(&frame, MSG_MAX_BYTES);
	assert_true(msg_put(m, &frame, &mfd));
	while (send(fd, frame.p, frame.n, 0) == -1) {
		assert_int_equal(errno, EAGAIN);
		daemon_run(fd, EV_WRITE);
	}
	buf_fini(&frame);
}

/* Run the daemon until it has written to FD; the message is valid until the
 * next. */
static inline struct msg
daemon_hear(int fd)
{
	static char frame[MSG_MAX_BYTES];
	struct msg m;
	ssize_t n;

	daemon_run(fd, EV_READ);
	n = recv(fd, frame, sizeof frame, 0);
	assert_true(n > 0);
	assert_true(msg_get(slice_of(frame, (size_t)n), -1, &m));
	return m;
}

#endif
