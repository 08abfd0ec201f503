/* SPDX-License-Identifier: ISC */
#include "smtp/session/text.h"

#include "sys/fd.h"

int
smtp_text_read(const struct smtp_text *t, int64_t at,
    char room[SMTP_BODY_PIECE], struct slice *piece, struct err *err)
{
	const int64_t left = t->size - at;
	const size_t n =
	    left < SMTP_BODY_PIECE ? (size_t)left : SMTP_BODY_PIECE;

	if (t->fd == -1) {
		*piece = slice_of(t->bytes + at, n);
		return 0;
	}
	*piece = slice_of(room, n);
	return n > 0 ? fd_pread_all(t->fd, room, n, t->offset + at, err) : 0;
}
