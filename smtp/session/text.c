/* SPDX-License-Identifier: ISC */
#include "smtp/session/text.h"

#include "mime/header.h"
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

int
smtp_text_header(const struct smtp_text *t, struct buf *head, struct err *err)
{
	char room[SMTP_BODY_PIECE];
	struct slice piece;

	for (int64_t at = 0; at < t->size; at += (int64_t)piece.n) {
		if (smtp_text_read(t, at, room, &piece, err) == -1)
			return -1;
		buf_add(head, piece);
		if (head->failed || header_length(buf_slice(head)) < head->n)
			break;
	}
	return 0;
}
