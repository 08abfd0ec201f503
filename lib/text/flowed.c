/* SPDX-License-Identifier: ISC */
#include "text/flowed.h"

#include "base/buf.h"

/* The marks of a line are over: it goes on with the one before, or begins. */
static void
begin_line(struct flowed *f, struct buf *out)
{
	const size_t marks =
	    f->depth < FLOWED_MARKS_MAX ? f->depth : FLOWED_MARKS_MAX;

	f->amid = true;
	if (f->joins && f->depth == f->before) {
		if (!f->delsp)
			buf_addc(out, ' ');
		return;
	}
	/* A soft end before another depth is a line end (4.5). */
	if (f->any)
		buf_adds(out, "\r\n");
	for (size_t i = 0; i < marks; i++)
		buf_addc(out, '>');
	if (marks > 0)
		buf_addc(out, ' ');
}

/* "-- " is the line above a signature, and ends itself (4.3). */
static void
end_line(struct flowed *f, struct buf *out)
{
	if (!f->amid)
		begin_line(f, out);
	f->joins = f->space && !(f->n == 2 && f->dashes);
	if (f->space && !f->joins)
		buf_addc(out, ' ');
	f->before = f->depth;
	f->amid = f->space = f->dashes = false;
	f->depth = f->n = 0;
	f->any = true;
}

static void
put_held(struct flowed *f, struct buf *out)
{
	if (f->space) {
		buf_addc(out, ' ');
		f->n++;
	}
	f->space = false;
}

static void
put_byte(struct flowed *f, char c, struct buf *out)
{
	if (!f->amid && c == '>') {
		f->depth++;
		return;
	}
	if (!f->amid) {
		begin_line(f, out);
		if (c == ' ')
			return;
	}
	put_held(f, out);
	if (c == ' ') {
		f->space = true;
		return;
	}
	f->dashes = c == '-' && (f->n == 0 || (f->n == 1 && f->dashes));
	f->n++;
	buf_addc(out, c);
}

/* Bytes that mean nothing here. */
static struct slice
put_plain(struct flowed *f, struct slice in, struct buf *out)
{
	size_t n = 0;

	if (!f->amid || f->n < 3 || f->space || f->cr)
		return in;
	while (n < in.n && in.p[n] != ' ' && in.p[n] != '\r' && in.p[n] != '\n')
		n++;
	buf_add(out, slice_sub(in, 0, n));
	return slice_from(in, n);
}

void
flowed_feed(struct flowed *f, struct slice in, struct buf *out)
{
	while ((in = put_plain(f, in, out)).n > 0) {
		const char c = in.p[0];

		in = slice_from(in, 1);
		if (c == '\n') {
			end_line(f, out);
			f->cr = false;
			continue;
		}
		if (f->cr)
			put_byte(f, '\r', out);
		f->cr = c == '\r';
		if (!f->cr)
			put_byte(f, c, out);
	}
}

void
flowed_finish(struct flowed *f, struct buf *out)
{
	const bool delsp = f->delsp;

	if (f->cr)
		put_byte(f, '\r', out);
	if ((f->depth > 0 || f->joins) && !f->amid)
		begin_line(f, out);
	put_held(f, out);
	*f = (struct flowed){ .delsp = delsp };
}
