/* SPDX-License-Identifier: ISC */
#include "sieverun/speak.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/frame.h"

enum {
	FRAMES_MAX = 16,
	BYTES_MAX = 64 << 10,
};

/* They wait for each other, so that the other side is woken once. */
static struct {
	struct buf frames[FRAMES_MAX];
	unsigned n;
	size_t bytes;
} said;

static int
send_all(int fd)
{
	struct mmsghdr h[FRAMES_MAX] = { 0 };
	struct iovec iov[FRAMES_MAX];
	unsigned done = 0;
	int n;

	for (unsigned i = 0; i < said.n; i++) {
		iov[i] = (struct iovec){ said.frames[i].p, said.frames[i].n };
		h[i].msg_hdr.msg_iov = &iov[i];
		h[i].msg_hdr.msg_iovlen = 1;
	}
	while (done < said.n) {
		n = sendmmsg(fd, h + done, said.n - done, MSG_NOSIGNAL);
		if (n > 0)
			done += (unsigned)n;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

int
speak_flush(int fd)
{
	const int rc = send_all(fd);

	for (unsigned i = 0; i < said.n; i++)
		buf_fini(&said.frames[i]);
	said.n = 0;
	said.bytes = 0;
	return rc;
}

int
speak_send(int fd, const struct msg *m)
{
	struct buf *frame = &said.frames[said.n];
	int with;

	buf_init(frame, MSG_MAX_BYTES);
	if (!msg_put(m, frame, &with)) {
		buf_fini(frame);
		return -1;
	}
	said.n++;
	said.bytes += frame->n;
	return said.n == FRAMES_MAX || said.bytes > BYTES_MAX ? speak_flush(fd)
							      : 0;
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

	if (speak_flush(fd) == -1)
		return -1;
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
