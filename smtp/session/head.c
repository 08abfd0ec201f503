/* SPDX-License-Identifier: ISC */
#include "smtp/session/head.h"

#include "mime/header.h"
#include "smtp/session/text.h"

int
smtp_head_read(const struct smtp_text *t, struct buf *head, struct err *err)
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
