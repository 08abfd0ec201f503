/* SPDX-License-Identifier: ISC */
#include "ctl/archive/mbox_write.h"

#include <time.h>

#include "maildir/filename.h"

static void
put_from(struct buf *out, int64_t date_s)
{
	const time_t at = (time_t)date_s;
	char date[64] = "Thu Jan  1 00:00:00 1970";
	struct tm tm;

	if (gmtime_r(&at, &tm) != NULL)
		(void)strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm);
	buf_addf(out, "From MAILER-DAEMON %s\n", date);
}

void
mbox_begin(struct mbox_writer *w, struct buf *out, int64_t date_s,
    unsigned flags, struct slice keywords)
{
	*w = (struct mbox_writer){ .line_begins = true };
	put_from(out, date_s);
	buf_addf(out, "Status: %sO\n", (flags & MSG_SEEN) != 0 ? "R" : "");
	if ((flags & ~(unsigned)MSG_SEEN) != 0)
		buf_addf(out, "X-Status: %s%s%s%s\n",
		    (flags & MSG_ANSWERED) != 0 ? "A" : "",
		    (flags & MSG_DELETED) != 0 ? "D" : "",
		    (flags & MSG_FLAGGED) != 0 ? "F" : "",
		    (flags & MSG_DRAFT) != 0 ? "T" : "");
	if (keywords.n > 0)
		buf_addf(out, "X-Keywords: %.*s\n", SLICE_FMT(keywords));
}

static void
put_held(struct mbox_writer *w, struct buf *out)
{
	for (size_t i = 0; i < w->arrows; i++)
		buf_addc(out, '>');
	buf_add(out, slice_sub(SLICE("From "), 0, w->from));
	w->arrows = w->from = 0;
	w->line_begins = false;
}

/* C, with LF for CRLF. */
static void
put_char(struct mbox_writer *w, struct buf *out, char c)
{
	if (c == '\r')
		return;
	if (w->line_begins && w->from == 0 && c == '>') {
		w->arrows++;
		return;
	}
	if (w->line_begins && c == "From "[w->from]) {
		if (++w->from < 5)
			return;
		buf_addc(out, '>');
		put_held(w, out);
		return;
	}
	if (w->line_begins)
		put_held(w, out);
	buf_addc(out, c);
	w->line_begins = c == '\n';
}

void
mbox_put(struct mbox_writer *w, struct buf *out, struct slice piece)
{
	for (size_t i = 0; i < piece.n; i++)
		put_char(w, out, piece.p[i]);
}

void
mbox_end(struct mbox_writer *w, struct buf *out)
{
	if (!w->line_begins || w->arrows > 0 || w->from > 0)
		put_char(w, out, '\n');
	buf_addc(out, '\n');
}
