/* SPDX-License-Identifier: ISC */
#include "ctl/archive/mbox.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "mime/date.h"

enum { LINE_MAX_BYTES = 32 << 10, KEYWORD_BYTES = 16 << 10 };

void
mbox_reader_init(struct mbox_reader *r,
    int (*on_text)(void *arg, struct slice piece),
    int (*on_end)(void *arg, const struct mbox_message *m), void *arg)
{
	*r = (struct mbox_reader){ .on_text = on_text,
		.on_end = on_end,
		.arg = arg,
		.after_empty = true };
	buf_init(&r->line, LINE_MAX_BYTES);
	buf_init(&r->message.keywords, KEYWORD_BYTES);
}

void
mbox_reader_fini(struct mbox_reader *r)
{
	buf_fini(&r->line);
	buf_fini(&r->message.keywords);
}

/* "SENDER Thu Jan  1 00:00:00 [ZONE] 1970 [ZONE]", as asctime has it. */
static void
parse_from(struct mbox_message *m, struct slice line)
{
	struct buf text = { .max = 256 };
	struct slice words[12], zone = SLICE("+0000"), year = { NULL, 0 };
	struct date d;
	size_t n = 0, at;

	while (line.n > 0 && n < ARRAY_LEN(words)) {
		struct slice word = slice_cut(line, ' ', &line);

		if (word.n > 0)
			words[n++] = word;
	}
	for (at = 1; at < n; at++)
		if (slice_find(words[at], ':') != words[at].n)
			break;
	for (size_t i = at + 1; i < n; i++)
		if (words[i].n == 4 && ascii_isdigit(words[i].p[0]))
			year = words[i];
		else
			zone = words[i];
	if (at < 3 || at >= n || year.n == 0)
		return;
	buf_addf(&text, "%.*s %.*s %.*s %.*s %.*s", SLICE_FMT(words[at - 1]),
	    SLICE_FMT(words[at - 2]), SLICE_FMT(year), SLICE_FMT(words[at]),
	    SLICE_FMT(zone));
	m->has_date = date_parse(buf_slice(&text), &d);
	if (m->has_date)
		m->date_s = d.time_s;
	buf_fini(&text);
}

static void
add_keywords(struct mbox_message *m, struct slice names)
{
	struct slice name;

	while (names.n > 0) {
		name = slice_trim(slice_cut(names, ' ', &names));
		if (name.n == 0 || keywords_check(name, NULL) == -1)
			continue;
		if (m->keywords.n > 0)
			buf_addc(&m->keywords, ' ');
		buf_add(&m->keywords, name);
	}
}

/* Is LINE of the header one of those that say flags? */
static bool
take_status(struct mbox_message *m, struct slice line)
{
	struct slice value;
	const struct slice name = slice_cut(line, ':', &value);
	const bool status = slice_iis(name, "Status"),
		   more = slice_iis(name, "X-Status");

	value = slice_trim(value);
	for (size_t i = 0; i < value.n && (status || more); i++) {
		const char c = value.p[i];

		m->flags |= c == 'R'   ? MSG_SEEN
			    : c == 'A' ? MSG_ANSWERED
			    : c == 'F' ? MSG_FLAGGED
			    : c == 'D' ? MSG_DELETED
			    : c == 'T' ? MSG_DRAFT
				       : 0U;
	}
	if (slice_iis(name, "X-Keywords"))
		add_keywords(m, value);
	return status || more || slice_iis(name, "X-Keywords");
}

static int
text(struct mbox_reader *r, struct slice piece)
{
	if (r->blank && r->on_text(r->arg, SLICE("\n")) == -1)
		return -1;
	r->blank = false;
	return piece.n > 0 ? r->on_text(r->arg, piece) : 0;
}

static int
end_message(struct mbox_reader *r)
{
	const int rc = r->inside ? r->on_end(r->arg, &r->message) : 0;

	r->inside = false;
	return rc;
}

static int
begin_message(struct mbox_reader *r, struct slice line)
{
	if (end_message(r) == -1)
		return -1;
	buf_reset(&r->message.keywords);
	r->message.flags = 0;
	r->message.has_date = false;
	parse_from(&r->message, slice_from(line, 5));
	r->inside = r->in_header = r->only_status = true;
	r->blank = false;
	return 0;
}

/* A line from its start, with its end or, when it is long, without. */
static int
take_line(struct mbox_reader *r, struct slice line)
{
	const struct slice bare = slice_trim(line);
	const bool after_empty = r->after_empty;
	size_t arrows = 0;

	r->after_empty = bare.n == 0 && line.n <= 2;
	if (after_empty && slice_starts(line, SLICE("From ")))
		return begin_message(r, bare);
	if (!r->inside) {
		r->bad = bare.n > 0;
		return r->bad ? -1 : 0;
	}
	if (r->in_header) {
		const bool status = take_status(&r->message, line);

		if (status && r->only_status)
			return 0;
		r->only_status = false;
		r->in_header = bare.n > 0;
		return text(r, line);
	}
	while (arrows < line.n && line.p[arrows] == '>')
		arrows++;
	if (arrows > 0 &&
	    slice_starts(slice_from(line, arrows), SLICE("From ")))
		return text(r, slice_from(line, 1));
	if (r->after_empty) {
		const int rc =
		    r->blank ? text(r, (struct slice){ NULL, 0 }) : 0;

		r->blank = true;
		return rc;
	}
	return text(r, line);
}

int
mbox_feed(struct mbox_reader *r, struct slice in)
{
	while (in.n > 0) {
		const size_t lf = slice_find(in, '\n');
		const bool ends = lf < in.n;
		const size_t room = LINE_MAX_BYTES - r->line.n;
		struct slice piece = slice_sub(in, 0, ends ? lf + 1 : in.n);
		int rc = 0;

		if (!r->long_line && piece.n > room)
			piece = slice_sub(piece, 0, room);
		in = slice_from(in, piece.n);
		if (r->long_line) {
			rc = r->on_text(r->arg, piece);
			r->long_line = piece.p[piece.n - 1] != '\n';
		} else {
			buf_add(&r->line, piece);
			if (piece.p[piece.n - 1] != '\n' &&
			    r->line.n < LINE_MAX_BYTES)
				continue;
			r->long_line = piece.p[piece.n - 1] != '\n';
			rc = take_line(r, buf_slice(&r->line));
			buf_reset(&r->line);
		}
		if (rc == -1)
			return -1;
	}
	return 0;
}

int
mbox_finish(struct mbox_reader *r)
{
	if (r->line.n > 0 && take_line(r, buf_slice(&r->line)) == -1)
		return -1;
	buf_reset(&r->line);
	return end_message(r);
}
