/* SPDX-License-Identifier: ISC */
#include "pop3d/answer.h"

#include <stddef.h>

#include "base/slice.h"
#include "sys/fd.h"

enum { PIECE = POP3D_ANSWER_STEP / POP3D_WIRE_GROWTH - 16, LINES = 1000 };

static void
list_some(struct pop3d_answer *a, const struct pop3d_drop *d,
    enum pop3d_uidl_format uidl_format, struct buf *out)
{
	for (int i = 0; i < LINES && a->number != 0; i++) {
		buf_addu(out, a->number);
		buf_addc(out, ' ');
		if (a->kind == ANSWER_LIST)
			buf_addu(out, (uint64_t)pop3d_drop_size(d, a->number));
		else
			pop3d_uidl_put(out, uidl_format,
			    pop3d_drop_uid(d, a->number), d->uidvalidity);
		buf_adds(out, "\r\n");
		a->number = pop3d_drop_next(d, a->number + 1);
	}
	if (a->number == 0)
		buf_adds(out, ".\r\n");
}

static int
send_some(struct pop3d_answer *a, struct buf *out, struct err *err)
{
	static char piece[PIECE];
	const size_t n = a->left < PIECE ? (size_t)a->left : PIECE;

	if (n > 0 && fd_pread_all(a->fd, piece, n, a->at, err) == -1)
		return -1;
	a->at += (int64_t)n;
	a->left -= (int64_t)n;
	pop3d_wire_put(&a->wire, slice_of(piece, n), out);
	if (a->left == 0 || a->wire.done)
		pop3d_wire_end(&a->wire, out);
	return 0;
}

int
pop3d_answer_step(struct pop3d_answer *a, const struct pop3d_drop *d,
    enum pop3d_uidl_format uidl_format, struct buf *out, bool *more,
    struct err *err)
{
	if (a->kind == ANSWER_LIST || a->kind == ANSWER_UIDL) {
		list_some(a, d, uidl_format, out);
		*more = a->number != 0;
		return 0;
	}
	if (send_some(a, out, err) == -1)
		return -1;
	*more = !a->wire.done;
	return 0;
}

void
pop3d_answer_fini(struct pop3d_answer *a)
{
	/* Lists have no file, and a zeroed answer is a list. */
	if (a->kind == ANSWER_RETR || a->kind == ANSWER_TOP)
		fd_close(&a->fd);
	*a = (struct pop3d_answer){ .kind = ANSWER_LIST };
}
