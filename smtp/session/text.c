/* SPDX-License-Identifier: ISC */
#include "smtp/session/text.h"

#include "sys/fd.h"

int
smtp_text_read(const struct smtp_text *t, int64_t at,
    char room[SMTP_BODY_PIECE], struct slice *piece, struct err *err)
{
	const int64_t front = (int64_t)t->front.n;
	const int64_t left = t->size - at;
	const size_t n =
	    left < SMTP_BODY_PIECE ? (size_t)left : SMTP_BODY_PIECE;

	if (at < front) {
		*piece = slice_from(t->front, (size_t)at);
		return 0;
	}
	at -= front;
	if (t->fd == -1) {
		*piece = slice_of(t->bytes + at, n);
		return 0;
	}
	*piece = slice_of(room, n);
	return n > 0 ? fd_pread_all(t->fd, room, n, t->offset + at, err) : 0;
}
