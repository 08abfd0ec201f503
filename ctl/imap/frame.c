/* SPDX-License-Identifier: ISC */
#include "ctl/imap/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* In front of s and t. */
struct imap_frame_head {
	uint32_t type;
	uint32_t s_size;
	uint64_t n[IMAP_FRAME_NUMBERS];
};

void
imap_frame_put(struct buf *out, const struct imap_frame *f)
{
	struct imap_frame_head h = { .type = (uint32_t)f->type };

	if (f->s.n > IMAP_FRAME_MAX || f->t.n > IMAP_FRAME_MAX) {
		out->failed = true;
		return;
	}
	h.s_size = (uint32_t)f->s.n;
	memcpy(h.n, f->n, sizeof h.n);
	buf_add(out, slice_of(&h, sizeof h));
	buf_add(out, f->s);
	buf_add(out, f->t);
}

bool
imap_frame_get(struct slice packet, struct imap_frame *f)
{
	struct imap_frame_head h;

	if (packet.n < sizeof h || packet.n > IMAP_FRAME_MAX)
		return false;
	memcpy(&h, packet.p, sizeof h);
	packet = slice_from(packet, sizeof h);
	if (h.type == 0 || h.type > IMAP_FRAME_LAST || h.s_size > packet.n)
		return false;
	f->type = (enum imap_frame_type)h.type;
	memcpy(f->n, h.n, sizeof f->n);
	f->s = slice_sub(packet, 0, h.s_size);
	f->t = slice_from(packet, h.s_size);
	return true;
}

int
imap_frame_send(
    int fd, struct buf *buf, const struct imap_frame *f, struct err *err)
{
	ssize_t n;

	buf_reset(buf);
	imap_frame_put(buf, f);
	if (buf->failed)
		return err_set(err, ERR_PERM, "a name or answer is too long");
	do
		n = send(fd, buf->p, buf->n, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? err_sys(err, ERR_TEMP, "send a frame") : 0;
}

enum found
imap_frame_recv(int fd, struct buf *buf, struct imap_frame *f, struct err *err)
{
	char *room;
	ssize_t n;

	buf_reset(buf);
	room = buf_room(buf, IMAP_FRAME_MAX);
	do
		n = recv(fd, room, IMAP_FRAME_MAX, 0);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		(void)err_set(err, ERR_TEMP, "the other process has ended");
		return ABSENT;
	}
	buf_added(buf, (size_t)n);
	if (imap_frame_get(buf_slice(buf), f))
		return FOUND;
	(void)err_set(err, ERR_TEMP, "the other process sent no frame");
	return TEMPFAIL;
}
