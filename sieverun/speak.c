/* SPDX-License-Identifier: ISC */
#include "sieverun/speak.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/frame.h"

int
speak_send(int fd, const struct msg *m)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	ssize_t n = -1;
	int with;

	if (msg_put(m, &frame, &with))
		while ((n = send(fd, frame.p, frame.n, MSG_NOSIGNAL)) == -1 &&
		       errno == EINTR)
			continue;
	buf_fini(&frame);
	return n == -1 ? -1 : 0;
}

int
speak_pieces(int fd, enum sieve_piece_kind what, struct slice bytes)
{
	while (bytes.n > 0) {
		const struct slice piece =
		    slice_sub(bytes, 0, SIEVE_PIECE_BYTES);

		if (SPEAK(fd, sieve_piece, .what = what, .bytes = piece) == -1)
			return -1;
		bytes = slice_from(bytes, piece.n);
	}
	return 0;
}

static int
fd_of(struct msghdr *h)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(h);
	int fd;

	if (c == NULL || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

int
speak_hear(int fd, enum role peer, struct msg *m)
{
	static char frame[MSG_MAX_BYTES];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { frame, sizeof frame };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t n;
	int with;

	while ((n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC)) == -1 && errno == EINTR)
		continue;
	if (n <= 0)
		return (int)n;
	with = fd_of(&h);
	if (msg_get(slice_of(frame, (size_t)n), with, m) &&
	    msg_may_send(peer, m->type))
		return 1;
	if (with != -1)
		close(with);
	return -1;
}
