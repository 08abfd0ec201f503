/* SPDX-License-Identifier: ISC */
/*
 * One SEQPACKET socket.  What is said in a turn of the loop goes out at its
 * end, in order and in one call; a frame with a descriptor goes at once, behind
 * those that wait.  What the socket does not take waits, up to a limit, and a
 * peer that stays behind the limit is the caller's problem (TEMPFAIL), not this
 * process's memory.
 */
#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/msg.h"
#include "sys/fd.h"

enum {
	WAITING_MAX_BYTES = 16 << 20,
	SENT_MOST = 32,     /* frames in one call; so many do not wait */
	READ_MOST = 8,      /* frames in one call */
	FRAMES_A_TURN = 64, /* then others get their turn */
};

struct channel_frame {
	TAILQ_ENTRY(channel_frame) link;
	int fd;
	bool own_fd; /* close it with the frame */
	size_t n;
	char bytes[];
};

/* Room for one descriptor on its way out. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

/* ---- sending ---- */

static void
drop_frame(struct channel *c, struct channel_frame *f)
{
	TAILQ_REMOVE(&c->waiting, f, link);
	c->waiting_bytes -= f->n;
	c->nwaiting--;
	if (f->own_fd)
		fd_close(&f->fd);
	explicit_bzero(f->bytes, f->n);
	free(f);
}

static void
drop_frames(struct channel *c)
{
	while (!TAILQ_EMPTY(&c->waiting))
		drop_frame(c, TAILQ_FIRST(&c->waiting));
}

static void
prepare(struct channel_frame *f, struct msghdr *h, struct iovec *iov,
    union control *control)
{
	struct cmsghdr *m;

	*iov = (struct iovec){ f->bytes, f->n };
	*h = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 1 };
	if (f->fd == -1)
		return;
	memset(control, 0, sizeof *control);
	h->msg_control = control->room;
	h->msg_controllen = sizeof control->room;
	m = CMSG_FIRSTHDR(h);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(sizeof f->fd);
	memcpy(CMSG_DATA(m), &f->fd, sizeof f->fd);
}

/* Send the first of those that wait; an errno. */
static int
send_some(struct channel *c)
{
	struct mmsghdr h[SENT_MOST];
	struct iovec iov[SENT_MOST];
	union control control[SENT_MOST];
	struct channel_frame *f;
	unsigned n = 0;
	int sent;

	TAILQ_FOREACH(f, &c->waiting, link)
	{
		prepare(f, &h[n].msg_hdr, &iov[n], &control[n]);
		if (++n == SENT_MOST)
			break;
	}
	sent = sendmmsg(c->io.fd, h, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent == -1)
		return errno == EINTR ? EAGAIN : errno;
	while (sent-- > 0)
		drop_frame(c, TAILQ_FIRST(&c->waiting));
	return 0;
}

/* Send all that the socket takes; an errno that is no EAGAIN. */
static int
send_waiting(struct channel *c)
{
	int error = 0;

	while (error == 0 && !TAILQ_EMPTY(&c->waiting))
		error = send_some(c);
	ev_io_set(&c->io, error == EAGAIN ? EV_READ | EV_WRITE : EV_READ);
	c->broken = error == EPIPE || error == ECONNRESET;
	return error == EAGAIN ? 0 : error;
}

/* False: C is gone.  A peer that went may have said something before: that is
 * still read, and then its end.  Any other error nobody else would notice. */
static bool
flush(struct channel *c)
{
	const int error = send_waiting(c);

	if (error == 0)
		return true;
	drop_frames(c);
	if (c->broken)
		return true;
	c->handler->on_gone(c, strerrordesc_np(error));
	return false;
}

static void
on_flush(struct ev_task *task)
{
	(void)flush(OUTER(task, struct channel, flush));
}

static bool
is_blocked(const struct channel *c)
{
	return (c->io.events & EV_WRITE) != 0;
}

/* Send F, the last of those that wait, and them.  If it must wait, so does a
 * descriptor of its own.  An error that is not F's is seen in flush. */
static bool
send_now(struct channel *c, struct channel_frame *f)
{
	const int error = is_blocked(c) ? 0 : send_waiting(c);

	if (TAILQ_EMPTY(&c->waiting))
		return true;
	if (error == 0 && f->fd == -1)
		return true;
	if (error == 0)
		f->fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
	f->own_fd = error == 0 && f->fd != -1;
	if (f->own_fd)
		return true;
	drop_frame(c, f);
	return false;
}

static bool
send_frame(struct channel *c, struct slice frame, int fd, bool at_once)
{
	struct channel_frame *f;

	if (c->io.fd == -1 || c->waiting_bytes + frame.n > WAITING_MAX_BYTES)
		return false;
	f = xmalloc(sizeof *f + frame.n);
	f->fd = fd;
	f->own_fd = false;
	f->n = frame.n;
	memcpy(f->bytes, frame.p, frame.n);
	TAILQ_INSERT_TAIL(&c->waiting, f, link);
	c->waiting_bytes += frame.n;
	c->nwaiting++;
	if (fd != -1 || at_once || c->nwaiting >= SENT_MOST)
		return send_now(c, f);
	if (!is_blocked(c))
		ev_task_queue_last(&c->flush);
	return true;
}

bool
channel_send(struct channel *c, struct slice frame, int fd)
{
	return send_frame(c, frame, fd, c->at_once);
}

bool
channel_post(struct channel *c, struct slice frame)
{
	return send_frame(c, frame, -1, false);
}

/* ---- reading ---- */

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

/* One frame; C may be gone afterwards, which *GONE says. */
static void
take_frame(struct channel *c, struct mmsghdr *m, const bool *gone)
{
	const int flags = m->msg_hdr.msg_flags;
	const struct slice frame =
	    slice_of(m->msg_hdr.msg_iov->iov_base, (size_t)m->msg_len);
	bool bad = false;
	int fd = take_fd(&m->msg_hdr, &bad);

	if (*gone || frame.n == 0) {
		fd_close(&fd);
		if (!*gone)
			c->handler->on_gone(c, NULL);
		return;
	}
	if (c->lenient && !bad && (flags & MSG_CTRUNC) != 0) {
		fd_close(&fd);
		c->crippled++;
		return;
	}
	if (bad || (flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		fd_close(&fd);
	else if (c->handler->on_frame(c, frame, fd) || *gone)
		return;
	c->handler->on_gone(c, "malformed frame");
}

/* False: C is gone. */
static bool
take_frames(struct channel *c, struct mmsghdr *h, unsigned n)
{
	bool gone = false;

	c->gone = &gone;
	for (unsigned i = 0; i < n; i++) {
		take_frame(c, &h[i], &gone);
		/* it may have been a password */
		explicit_bzero(h[i].msg_hdr.msg_iov->iov_base, h[i].msg_len);
	}
	if (!gone)
		c->gone = NULL;
	return !gone;
}

/* What is read in a turn, by whichever channel; nothing stays. */
static char bytes[READ_MOST][MSG_MAX_BYTES];

void
channel_give_back(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t begin = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	const uintptr_t end = (uintptr_t)(bytes + READ_MOST) & ~(page - 1);

	if (begin < end)
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

/* Read frames, READ_MOST at most; false when nothing is left to do on C in this
 * turn.  A short count says that there were no more, so nobody asks again.  Who
 * went with something unread is told of as a reset before what he has said: the
 * next call reads that, and then the end. */
static bool
read_frames(struct channel *c)
{
	alignas(struct cmsghdr) char control[READ_MOST]
					    [CMSG_SPACE(4 * sizeof(int))];
	struct mmsghdr h[READ_MOST];
	struct iovec iov[READ_MOST];
	int n;

	for (unsigned i = 0; i < READ_MOST; i++) {
		iov[i] = (struct iovec){ bytes[i], sizeof bytes[i] };
		h[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof control[i] };
	}
	n = recvmmsg(
	    c->io.fd, h, READ_MOST, MSG_CMSG_CLOEXEC | MSG_DONTWAIT, NULL);
	if (n == -1 && errno == ECONNRESET)
		return true;
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->handler->on_gone(c, NULL);
	return n > 0 && take_frames(c, h, (unsigned)n) && n == READ_MOST;
}

static void
on_ready(struct ev_io *io, unsigned events)
{
	struct channel *c = OUTER(io, struct channel, io);

	if ((events & EV_WRITE) != 0 && !flush(c))
		return;
	if ((events & (EV_READ | EV_HUP)) == 0)
		return;
	for (int i = 0; i < FRAMES_A_TURN && read_frames(c); i += READ_MOST)
		continue;
}

/* ---- the channel ---- */

void
channel_init(struct channel *c, const struct channel_handler *handler)
{
	*c = (struct channel){ .handler = handler, .io = { .fd = -1 } };
	TAILQ_INIT(&c->waiting);
	ev_task_init(&c->flush, on_flush);
}

void
channel_open(struct channel *c, int fd)
{
	c->broken = false;
	ev_io_init(&c->io, fd, on_ready);
	ev_io_set(&c->io, EV_READ);
}

void
channel_close(struct channel *c)
{
	if (c->io.fd == -1)
		return;
	ev_task_cancel(&c->flush);
	if (!is_blocked(c))
		(void)send_waiting(c);
	drop_frames(c);
	ev_io_stop(&c->io);
	fd_close(&c->io.fd);
	if (c->gone != NULL)
		*c->gone = true;
	c->gone = NULL;
}

void
channel_abandon(struct channel *c)
{
	c->io.added = false;
	fd_close(&c->io.fd);
	if (c->gone != NULL)
		*c->gone = true;
}

bool
channel_is_open(const struct channel *c)
{
	return c->io.fd != -1;
}
