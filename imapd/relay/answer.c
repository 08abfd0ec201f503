/* SPDX-License-Identifier: ISC */
#include "imapd/relay/answer.h"

#include <string.h>

#include "imapd/parse/parse.h"

const struct slice answer_own_tag = SLICE("relay ");

/* At the beginning of an answer: is it clear what it is? */
static enum answer_next
classify(struct answer_reader *r, struct slice tag, struct slice in)
{
	const bool whole = slice_find(in, '\n') < in.n;
	const size_t need = r->skip > 0 ? answer_own_tag.n : tag.n + 1;

	if (!whole && in.n < need)
		return ANSWER_WAITS;
	r->own = r->skip > 0;
	r->last = r->own ? slice_starts(in, answer_own_tag)
			 : tag.n > 0 && slice_starts(in, tag) && in.n > tag.n &&
			       in.p[tag.n] == ' ';
	if (r->last)
		return whole ? ANSWER_PIECE : ANSWER_WAITS;
	if (!slice_starts(in, SLICE("* ")) && in.p[0] != '+')
		return ANSWER_BROKEN;
	if (!whole && in.n < 6)
		return ANSWER_WAITS;
	return slice_istarts(in, SLICE("* BYE")) ? ANSWER_BROKEN : ANSWER_PIECE;
}

static void
keep_tail(struct answer_reader *r, struct slice s)
{
	const size_t n = s.n < sizeof r->tail ? s.n : sizeof r->tail;
	const size_t keep =
	    r->ntail < sizeof r->tail - n ? r->ntail : sizeof r->tail - n;

	memmove(r->tail, r->tail + r->ntail - keep, keep);
	memcpy(r->tail + keep, s.p + s.n - n, n);
	r->ntail = keep + n;
}

/* Behind a line's end: does a literal follow, or the next answer? */
static void
end_line(struct answer_reader *r)
{
	const struct slice line = slice_trim(slice_of(r->tail, r->ntail));
	struct literal l;

	r->ntail = 0;
	r->inside = !r->last && parse_literal(line, &l);
	r->left = r->inside ? l.size : 0;
}

enum answer_next
answer_next(struct answer_reader *r, struct slice tag, struct slice in,
    struct answer_piece *piece)
{
	const size_t at = slice_find(in, '\n');

	if (r->left > 0) {
		const size_t n = r->left < in.n ? (size_t)r->left : in.n;

		*piece = (struct answer_piece){ .bytes = slice_sub(in, 0, n),
			.kind = ANSWER_LITERAL,
			.own = r->own };
		r->left -= n;
		return ANSWER_PIECE;
	}
	if (!r->inside) {
		const enum answer_next next = classify(r, tag, in);

		if (next != ANSWER_PIECE)
			return next;
		r->inside = true;
	}
	*piece =
	    (struct answer_piece){ .bytes = slice_sub(in, 0, at + (at < in.n)),
		    .kind = r->last ? ANSWER_LAST : ANSWER_TEXT,
		    .own = r->own };
	keep_tail(r, piece->bytes);
	if (at < in.n)
		end_line(r);
	piece->ends = at < in.n && !r->inside;
	if (piece->ends && r->last && r->own)
		r->skip--;
	return ANSWER_PIECE;
}
