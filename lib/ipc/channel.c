/* SPDX-License-Identifier: ISC */
/*
 * One SEQPACKET socket.  A frame goes out at once when it can; what cannot
 * waits in order, up to a limit, and a peer that stays behind the limit is
 * the caller's problem (TEMPFAIL), not this process's memory.
 */
#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "sys/fd.h"

enum {
	WAITING_MAX_BYTES = 16 << 20,
	FRAMES_A_TURN = 64, /* then others get their turn */
};

struct channel_frame {
	TAILQ_ENTRY(channel_frame) link;
	int fd;
	size_t n;
	char bytes[];
};

static int
send_now(int sock, struct slice frame, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_len = frame.n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	/* sendmsg only reads; its struct knows no const. */
	memcpy(&iov.iov_base, &frame.p, sizeof iov.iov_base);
	if (fd != -1) {
		struct cmsghdr *c;

		h.msg_control = control.room;
		h.msg_controllen = sizeof control.room;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	if (sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT) != -1)
		return 0;
	return errno == EINTR ? EAGAIN : errno;
}

static void
free_frame(struct channel_frame *f)
{
	fd_close(&f->fd);
	explicit_bzero(f->bytes, f->n);
	free(f);
}

/* Send what waits; false when the channel broke. */
static bool
send_waiting(struct channel *c)
{
	struct channel_frame *f;

	while ((f = TAILQ_FIRST(&c->waiting)) != NULL) {
		const int error =
		    send_now(c->io.fd, slice_of(f->bytes, f->n), f->fd);

		if (error == EAGAIN)
			return true;
		if (error != 0)
			return false;
		TAILQ_REMOVE(&c->waiting, f, link);
		c->waiting_bytes -= f->n;
		free_frame(f);
	}
	ev_io_set(&c->io, EV_READ);
	return true;
}

/* The fd that came along, or -1; fds beyond one are closed and make *BAD. */
static int
take_fd(struct msghdr *h, bool *bad)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	     c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof fd <= c->cmsg_len - CMSG_LEN(0);
		     at += sizeof fd) {
			if (fd != -1) {
				fd_close(&fd);
				*bad = true;
			}
			memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
		}
	}
	return fd;
}

/* Read one frame; false when nothing is left to do on C in this turn. */
static bool
read_frame(struct channel *c)
{
	static char frame[MSG_MAX_BYTES];
	char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec iov = { frame, sizeof frame };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control };
	const ssize_t n =
	    recvmsg(c->io.fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	bool bad = false, gone = false;
	int fd;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		c->handler->on_gone(c, NULL);
		return false;
	}
	fd = take_fd(&h, &bad);
	if (bad || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		fd_close(&fd);
		c->handler->on_gone(c, "malformed frame");
		return false;
	}
	c->gone = &gone;
	bad = !c->handler->on_frame(c, slice_of(frame, (size_t)n), fd);
	/* it may have been a password */
	explicit_bzero(frame, (size_t)n);
	if (gone)
		return false;
	c->gone = NULL;
	if (bad)
		c->handler->on_gone(c, "malformed frame");
	return !bad;
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	struct channel *c = OUTER(io, struct channel, io);

	if ((events & EV_WRITE) != 0 && !send_waiting(c)) {
		c->handler->on_gone(c, NULL);
		return;
	}
	if ((events & (EV_READ | EV_HUP)) == 0)
		return;
	for (int i = 0; i < FRAMES_A_TURN && read_frame(c); i++)
		continue;
}

void
channel_init(struct channel *c, const struct channel_handler *handler)
{
	*c = (struct channel){ .handler = handler, .io = { .fd = -1 } };
	TAILQ_INIT(&c->waiting);
}

void
channel_open(struct channel *c, int fd)
{
	ev_io_init(&c->io, fd, on_ready);
	ev_io_set(&c->io, EV_READ);
}

void
channel_close(struct channel *c)
{
	struct channel_frame *f;

	if (c->io.fd == -1)
		return;
	while ((f = TAILQ_FIRST(&c->waiting)) != NULL) {
		TAILQ_REMOVE(&c->waiting, f, link);
		free_frame(f);
	}
	c->waiting_bytes = 0;
	ev_io_stop(&c->io);
	fd_close(&c->io.fd);
	if (c->gone != NULL)
		*c->gone = true;
	c->gone = NULL;
}

bool
channel_is_open(const struct channel *c)
{
	return c->io.fd != -1;
}

bool
channel_send(struct channel *c, struct slice frame, int fd)
{
	struct channel_frame *f;
	int error = EAGAIN;

	if (c->io.fd == -1)
		return false;
	if (TAILQ_EMPTY(&c->waiting))
		error = send_now(c->io.fd, frame, fd);
	if (error == 0)
		return true;
	/* A broken channel is noticed by its reader; here it is just full. */
	if (error != EAGAIN || c->waiting_bytes + frame.n > WAITING_MAX_BYTES)
		return false;
	f = xmalloc(sizeof *f + frame.n);
	f->fd = fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	f->n = frame.n;
	memcpy(f->bytes, frame.p, frame.n);
	if (fd != -1 && f->fd == -1) {
		free(f);
		return false;
	}
	TAILQ_INSERT_TAIL(&c->waiting, f, link);
	c->waiting_bytes += frame.n;
	ev_io_set(&c->io, EV_READ | EV_WRITE);
	return true;
}
