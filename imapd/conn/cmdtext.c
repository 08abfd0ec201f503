/* SPDX-License-Identifier: ISC */
#include "imapd/conn/cmdtext.h"

/* What is passed over for a client that will not wait to be told. */
enum { SKIP_MAX = 64 << 20 };

void
cmdtext_init(struct cmdtext *t, size_t max)
{
	*t = (struct cmdtext){ .state = CMDTEXT_IN_LINE, .max = max };
	buf_init(&t->text, max);
}

void
cmdtext_fini(struct cmdtext *t)
{
	buf_fini(&t->text);
}

void
cmdtext_reset(struct cmdtext *t)
{
	const bool unasked = t->unasked;

	buf_fini(&t->text);
	cmdtext_init(t, t->max);
	t->unasked = unasked;
}

void
cmdtext_allow(struct cmdtext *t, size_t more)
{
	t->text.max = t->max + more;
}

static void
keep_tail(struct cmdtext *t, struct slice s)
{
	const size_t max = sizeof t->tail;

	if (s.n == 0)
		return;
	if (s.n >= max) {
		memcpy(t->tail, s.p + s.n - max, max);
		t->ntail = max;
		return;
	}
	if (t->ntail + s.n > max) {
		const size_t keep = max - s.n;

		memmove(t->tail, t->tail + t->ntail - keep, keep);
		t->ntail = keep;
	}
	memcpy(t->tail + t->ntail, s.p, s.n);
	t->ntail += s.n;
}

/* Bytes of a line, maybe its last. */
static void
add_line(struct cmdtext *t, struct slice s)
{
	const size_t room = t->text.max - t->text.n;

	if (!t->skipping && s.n <= room) {
		buf_add(&t->text, s);
		return;
	}
	if (!t->skipping)
		keep_tail(t, slice_from(buf_slice(&t->text), t->line));
	t->skipping = true;
	keep_tail(t, s);
}

static enum cmdtext_event
end_line(struct cmdtext *t)
{
	struct slice line = slice_from(buf_slice(&t->text), t->line);
	struct literal l;

	if (!t->skipping) {
		line = slice_chomp(line);
		buf_truncate(&t->text, t->line + line.n);
		if (!parse_literal(line, &t->literal))
			return CMDTEXT_DONE;
		t->literal.nonsync |= t->unasked;
		t->literal.at += t->line;
		return CMDTEXT_LITERAL;
	}
	line = slice_chomp(slice_of(t->tail, t->ntail));
	t->ntail = 0;
	if (!parse_literal(line, &l) || !(l.nonsync || t->unasked))
		return CMDTEXT_TOO_LONG;
	if (l.size > SKIP_MAX)
		return CMDTEXT_FLOOD;
	t->left = l.size;
	t->state = CMDTEXT_SKIP_LITERAL;
	return CMDTEXT_MORE;
}

static void
feed_literal(struct cmdtext *t, struct slice *in)
{
	const size_t n = t->left < in->n ? (size_t)t->left : in->n;

	if (t->state == CMDTEXT_IN_LITERAL)
		buf_add(&t->text, slice_sub(*in, 0, n));
	*in = slice_from(*in, n);
	t->left -= n;
	if (t->left > 0)
		return;
	t->state = CMDTEXT_IN_LINE;
	t->line = t->text.n;
}

enum cmdtext_event
cmdtext_feed(struct cmdtext *t, struct slice *in)
{
	while (in->n > 0) {
		enum cmdtext_event e = CMDTEXT_MORE;
		size_t at;

		if (t->state != CMDTEXT_IN_LINE) {
			feed_literal(t, in);
			continue;
		}
		at = slice_find(*in, '\n');
		add_line(t, slice_sub(*in, 0, at + 1));
		if (at < in->n)
			e = end_line(t);
		*in = slice_from(*in, at + 1);
		if (e != CMDTEXT_MORE)
			return e;
	}
	return CMDTEXT_MORE;
}

bool
cmdtext_accept(struct cmdtext *t)
{
	const uint64_t room = t->text.max - t->text.n;

	if (room < 2 || t->literal.size > room - 2)
		return false;
	buf_adds(&t->text, "\r\n");
	t->left = t->literal.size;
	t->state = CMDTEXT_IN_LITERAL;
	if (t->left == 0) {
		t->state = CMDTEXT_IN_LINE;
		t->line = t->text.n;
	}
	return true;
}

bool
cmdtext_skip(struct cmdtext *t)
{
	if (t->literal.size > SKIP_MAX)
		return false;
	t->skipping = true;
	t->left = t->literal.size;
	t->state = t->left > 0 ? CMDTEXT_SKIP_LITERAL : CMDTEXT_IN_LINE;
	return true;
}
