/* SPDX-License-Identifier: ISC */
#include "dkim/canon.h"

#include <string.h>

#include "base/ascii.h"
#include "base/must.h"

/* ---- header fields ---- */

/* As it is, with CRLF for LF. */
static void
field_simple(struct slice field, struct buf *out)
{
	while (field.n > 0) {
		const struct slice line = slice_cut(field, '\n', &field);

		buf_add(out, slice_chomp(line));
		buf_adds(out, "\r\n");
	}
}

/* 3.4.2: the name in lower case, no white space around the colon and at the
 * end, elsewhere one space for each run of it, line ends included. */
static void
field_relaxed(struct slice field, struct buf *out)
{
	struct slice value, name = slice_trim(slice_cut(field, ':', &value));
	bool blank = false;

	value = slice_trim(value);
	for (size_t i = 0; i < name.n; i++)
		buf_addc(out, ascii_lower(name.p[i]));
	buf_addc(out, ':');
	for (size_t i = 0; i < value.n; i++) {
		if (ascii_isspace(value.p[i])) {
			blank = true;
			continue;
		}
		if (blank)
			buf_addc(out, ' ');
		blank = false;
		buf_addc(out, value.p[i]);
	}
	buf_adds(out, "\r\n");
}

void
dkim_canon_field(enum dkim_canon canon, struct slice field, struct buf *out)
{
	if (canon == DKIM_RELAXED)
		field_relaxed(field, out);
	else
		field_simple(field, out);
}

/* ---- bodies ---- */

void
dkim_body_begin(struct dkim_body *b, enum dkim_canon canon)
{
	b->canon = canon;
	b->digest = digest_begin(DIGEST_SHA256);
	b->length = b->line_ends = 0;
	b->cr = b->blank = false;
	b->n = 0;
}

static void
flush(struct dkim_body *b)
{
	digest_add(b->digest, slice_of(b->out, b->n));
	b->n = 0;
}

static void
put(struct dkim_body *b, char c)
{
	if (b->n == sizeof b->out)
		flush(b);
	b->out[b->n++] = c;
	b->length++;
}

static void
put_line_end(struct dkim_body *b)
{
	put(b, '\r');
	put(b, '\n');
}

/* A byte that is no part of a line's end. */
static void
put_text(struct dkim_body *b, char c)
{
	if (b->canon == DKIM_RELAXED && (c == ' ' || c == '\t')) {
		b->blank = true;
		return;
	}
	for (; b->line_ends > 0; b->line_ends--)
		put_line_end(b);
	if (b->blank)
		put(b, ' ');
	b->blank = false;
	put(b, c);
}

/* As many bytes as are text and stay as they are. */
static size_t
plain_run(const struct dkim_body *b, struct slice s)
{
	size_t n = 0;

	if (b->canon == DKIM_SIMPLE)
		while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n')
			n++;
	else
		while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n' &&
		       s.p[n] != ' ' && s.p[n] != '\t')
			n++;
	return n;
}

static void
put_run(struct dkim_body *b, struct slice s)
{
	/* the first brings what was waiting */
	put_text(b, s.p[0]);
	s = slice_from(s, 1);
	b->length += s.n;
	while (s.n > 0) {
		const size_t room = sizeof b->out - b->n;
		const size_t n = s.n < room ? s.n : room;

		memcpy(b->out + b->n, s.p, n);
		b->n += n;
		s = slice_from(s, n);
		if (b->n == sizeof b->out)
			flush(b);
	}
}

void
dkim_body_add(struct dkim_body *b, struct slice bytes)
{
	while (bytes.n > 0) {
		size_t n = 1;

		if (b->cr && bytes.p[0] != '\n')
			put_text(b, '\r');
		b->cr = bytes.p[0] == '\r';
		if (bytes.p[0] == '\n') {
			b->line_ends++;
			b->blank = false;
		} else if (!b->cr) {
			n = plain_run(b, bytes);
			if (n > 0)
				put_run(b, slice_sub(bytes, 0, n));
			else {
				put_text(b, bytes.p[0]);
				n = 1;
			}
		}
		bytes = slice_from(bytes, n);
	}
}

void
dkim_body_end(struct dkim_body *b, uint8_t digest[32])
{
	uint8_t sum[DIGEST_MAX];

	if (b->cr)
		put_text(b, '\r');
	if (b->canon == DKIM_SIMPLE || b->length > 0)
		put_line_end(b);
	flush(b);
	must(digest_end(&b->digest, sum) == 32);
	memcpy(digest, sum, 32);
}

void
dkim_body_drop(struct dkim_body *b)
{
	uint8_t sum[DIGEST_MAX];

	if (b->digest != NULL)
		(void)digest_end(&b->digest, sum);
}
