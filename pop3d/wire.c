/* SPDX-License-Identifier: ISC */
#include "pop3d/wire.h"

void
pop3d_wire_all(struct pop3d_wire *w)
{
	*w = (struct pop3d_wire){ .all = true };
}

void
pop3d_wire_top(struct pop3d_wire *w, uint64_t lines)
{
	*w = (struct pop3d_wire){ .lines = lines };
}

/* The line is at its end, its LF still to come. */
static void
end_line(struct pop3d_wire *w, struct buf *out)
{
	const bool empty = w->column == (w->cr ? 1 : 0);

	buf_adds(out, w->cr ? "\n" : "\r\n");
	if (w->body && !w->all)
		w->lines--;
	w->body |= empty;
	w->done = w->body && !w->all && w->lines == 0;
	w->column = 0;
	w->cr = false;
}

void
pop3d_wire_put(struct pop3d_wire *w, struct slice in, struct buf *out)
{
	while (in.n > 0 && !w->done) {
		const size_t n = slice_find(in, '\n');
		const bool ends = n < in.n;

		if (n > 0) {
			if (w->column == 0 && in.p[0] == '.')
				buf_addc(out, '.');
			buf_add(out, slice_sub(in, 0, n));
			w->column += n;
			w->cr = in.p[n - 1] == '\r';
		}
		if (ends)
			end_line(w, out);
		in = slice_from(in, ends ? n + 1 : n);
	}
}

void
pop3d_wire_end(struct pop3d_wire *w, struct buf *out)
{
	/* A CR there belongs to the line: who sent it sent no line end. */
	if (w->column > 0)
		buf_adds(out, "\r\n");
	w->column = 0;
	w->done = true;
	buf_adds(out, ".\r\n");
}
