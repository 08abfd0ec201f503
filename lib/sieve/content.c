/* SPDX-License-Identifier: ISC */
#include "sieve/content.h"

#include "mime/charset.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/transfer.h"
#include "sieve/exec.h"
#include "sieve/parts.h"
#include "text/html.h"

static struct charset *
charset_of(struct sieve_exec *x, const struct mime_part *p)
{
	const struct slice name = param_value(&x->tmp, p->params, "charset");
	struct charset *cs = name.n > 0 ? charset_open(name) : NULL;

	return cs != NULL ? cs : charset_guess();
}

enum { PIECE = 64 << 10 };

struct decoding {
	struct transfer transfer;
	struct charset *charset; /* NULL: it is no text */
	struct html html;
	bool is_html;
	struct buf bytes, text;
};

/* The next piece behind OUT; the LAST one ends it. */
static void
decode_piece(struct decoding *d, struct slice piece, bool last, struct buf *out)
{
	struct buf *text = d->is_html ? &d->text : out;

	buf_reset(&d->bytes);
	buf_reset(&d->text);
	transfer_feed(&d->transfer, piece, &d->bytes);
	if (last)
		transfer_finish(&d->transfer, &d->bytes);
	if (d->charset == NULL) {
		buf_add(out, buf_slice(&d->bytes));
		return;
	}
	charset_feed(d->charset, buf_slice(&d->bytes), text);
	if (last)
		charset_finish(d->charset, text);
	if (!d->is_html)
		return;
	html_feed(&d->html, buf_slice(text), out);
	if (last)
		html_finish(&d->html, out);
}

int
sieve_content_text(struct sieve_exec *x, const struct mime_part *p,
    bool visible, struct slice *out)
{
	const bool is_xhtml = slice_iis(p->type, "application") &&
			      slice_iis(p->subtype, "xhtml+xml");
	const bool is_text =
	    (slice_iis(p->type, "text") || is_xhtml) && !p->opaque;
	struct decoding d = { .is_html =
				  visible && is_text &&
				  (is_xhtml || slice_iis(p->subtype, "html")),
		.charset = is_text ? charset_of(x, p) : NULL };
	struct slice rest = sieve_parts_bytes(x, p, false);
	struct buf b;

	if (sieve_exec_spend(x, 1 + p->body.bytes / 64) == -1) {
		charset_close(&d.charset);
		return -1;
	}
	transfer_init(&d.transfer,
	    p->opaque ? TRANSFER_IDENTITY : transfer_find(p->encoding));
	buf_init(&b, x->limits->memory_bytes / 2);
	buf_init(&d.bytes, 2 * PIECE);
	buf_init(&d.text, 16 * PIECE);
	do {
		const struct slice piece = slice_sub(rest, 0, PIECE);

		rest = slice_from(rest, PIECE);
		decode_piece(&d, piece, rest.n == 0, &b);
	} while (rest.n > 0 && !b.failed);
	charset_close(&d.charset);
	*out = b.n > 0 ? arena_slice(&x->tmp, buf_slice(&b)) : SLICE("");
	buf_fini(&d.bytes);
	buf_fini(&d.text);
	buf_fini(&b);
	return sieve_exec_spend(x, 1);
}

/* S without the line that it ends with, and the line end before that. */
static struct slice
without_last_line(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	s = slice_sub(
	    s, 0, slice_rfind(s, '\n') < s.n ? slice_rfind(s, '\n') : 0);
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

struct slice
sieve_content_prologue(struct sieve_exec *x, const struct mime_part *p)
{
	const uint64_t from = p->body.off;
	const uint64_t to = p->child->header.off;

	if (to <= from)
		return SLICE("");
	return without_last_line(slice_sub(x->message->raw, from, to - from));
}

struct slice
sieve_content_epilogue(struct sieve_exec *x, const struct mime_part *p)
{
	const struct mime_part *last = p->child;
	struct slice s;
	uint64_t from;

	while (last->next != NULL)
		last = last->next;
	from = last->body.off + last->body.bytes;
	s = slice_sub(x->message->raw, from,
	    p->body.off + p->body.bytes > from
		? p->body.off + p->body.bytes - from
		: 0);
	/* The line end before the boundary, and its line. */
	if (s.n > 0 && s.p[0] == '\r')
		s = slice_from(s, 1);
	if (s.n > 0 && s.p[0] == '\n')
		s = slice_from(s, 1);
	return slice_from(s, slice_find(s, '\n') + 1);
}

bool
sieve_content_is(const struct mime_part *p, struct slice name)
{
	struct slice subtype;
	const struct slice type = slice_cut(name, '/', &subtype);

	if (name.n == 0)
		return true;
	if (!slice_ieq(p->type, type) || name.p[0] == '/' ||
	    name.p[name.n - 1] == '/')
		return false;
	return subtype.n == 0 || slice_ieq(p->subtype, subtype);
}
