/* SPDX-License-Identifier: ISC */
#include "imapd/search/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/search/state.h"
#include "store/message.h"
#include "store/view.h"

enum { STEP = 4096 };

void
search_results_add(struct search_results *r, uint32_t seq)
{
	if (r->n == r->cap) {
		r->cap = r->cap > 0 ? 2 * r->cap : 64;
		r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
	}
	r->v[r->n++] = seq;
}

void
search_results_fini(struct search_results *r)
{
	xfree(&r->v);
	xfree(&r->relevancy);
	r->n = r->cap = r->nrelevancy = 0;
}

void
search_results_rate(struct search_results *r, uint32_t seq, unsigned relevancy)
{
	if (seq >= r->nrelevancy) {
		const size_t n = seq + seq / 2 + 64;

		r->relevancy = xreallocarray(r->relevancy, n, 1);
		memset(r->relevancy + r->nrelevancy, 0, n - r->nrelevancy);
		r->nrelevancy = n;
	}
	r->relevancy[seq] = (uint8_t)relevancy;
}

/* Of the message at INDEX of the results; 0: it is gone. */
static uint64_t
modseq_at(const struct search_answer *a, size_t index)
{
	struct message_info info;

	if (message_find(view_mailbox(a->view),
		view_uid(a->view, a->results->v[index]), &info, NULL) != FOUND)
		return 0;
	return info.modseq;
}

uint64_t
answer_modseq(const struct search_answer *a, uint64_t highest)
{
	const unsigned options = a->returns->options;
	uint64_t first = 0, last = 0;

	if (a->results->n == 0)
		return 0;
	if ((options & (RETURN_MIN | RETURN_MAX)) == 0 ||
	    (options & (RETURN_ALL | RETURN_COUNT | RETURN_PARTIAL |
			   RETURN_RELEVANCY)) != 0)
		return highest;
	if ((options & RETURN_MIN) != 0)
		first = modseq_at(a, 0);
	if ((options & RETURN_MAX) != 0)
		last = modseq_at(a, a->results->n - 1);
	return first > last ? first : last;
}

void
answer_put_head(struct buf *out, struct slice tag, struct slice more, bool uid)
{
	/* A tag has neither quotes nor backslashes. */
	buf_addf(out, "* ESEARCH (TAG \"%.*s\"%.*s)%s", SLICE_FMT(tag),
	    SLICE_FMT(more), uid ? " UID" : "");
}

static uint32_t
number_at(const struct search_answer *a, size_t i)
{
	const uint32_t seq = a->results->v[i];

	return a->uid ? view_uid(a->view, seq) : seq;
}

static void
put_number(
    const struct search_answer *a, const char *name, size_t i, struct buf *out)
{
	buf_addf(out, " %s %u", name, number_at(a, i));
}

/* All but the lists. */
static void
begin_extended(struct search_answer *a, struct slice tag, struct slice more,
    struct buf *out)
{
	const struct search_returns *r = a->returns;
	const size_t n = a->results->n;

	answer_put_head(out, tag, more, a->uid);
	if ((r->options & RETURN_MIN) != 0 && n > 0)
		put_number(a, "MIN", 0, out);
	if ((r->options & RETURN_MAX) != 0 && n > 0)
		put_number(a, "MAX", n - 1, out);
	if ((r->options & RETURN_COUNT) != 0)
		buf_addf(out, " COUNT %zu", n);
	if ((r->options & RETURN_ALL) != 0 && n > 0) {
		buf_adds(out, " ALL ");
		a->end = n;
	} else if ((r->options & RETURN_PARTIAL) != 0) {
		const char *sign = r->partial.from_end ? "-" : "";
		size_t part = n;

		a->at = partial_of(&r->partial, &part);
		a->end = a->at + part;
		buf_addf(out, " PARTIAL (%s%u:%s%u ", sign, r->partial.from,
		    sign, r->partial.to);
		if (part == 0)
			buf_adds(out, "NIL");
	}
	a->from = a->at;
}

/* "RELEVANCY (4 99 42)" of the list (RFC 6203 4), or of all that was found
 * where there is none; a piece of it, true: there is more. */
static bool
rate(struct search_answer *a, struct buf *out)
{
	const struct search_results *r = a->results;
	const bool listed =
	    (a->returns->options & (RETURN_ALL | RETURN_PARTIAL)) != 0;
	size_t left = STEP;

	if (!a->rated) {
		a->at = a->from;
		a->end = listed ? a->end : r->n;
		buf_adds(out, " RELEVANCY (");
	}
	for (; left > 0 && a->at < a->end; left--, a->at++) {
		const uint32_t seq = r->v[a->at];

		if (a->at > a->from)
			buf_addc(out, ' ');
		buf_addu(out, seq < r->nrelevancy ? r->relevancy[seq] : 1);
	}
	a->rated = true;
	if (a->at < a->end)
		return true;
	buf_addc(out, ')');
	return false;
}

/* Behind the list; true: there is more. */
static bool
end_extended(struct search_answer *a, struct buf *out)
{
	if (!a->rated) {
		seqset_finish(&a->writer, out);
		if ((a->returns->options & RETURN_PARTIAL) != 0)
			buf_addc(out, ')');
	}
	if ((a->returns->options & RETURN_RELEVANCY) != 0 &&
	    a->results->n > 0 && rate(a, out))
		return true;
	if (a->modseq > 0)
		buf_addf(out, " MODSEQ %llu", (unsigned long long)a->modseq);
	buf_adds(out, "\r\n");
	return false;
}

bool
answer_step(struct search_answer *a, struct slice tag, struct slice more,
    struct buf *out)
{
	const bool extended = a->returns->options != 0;

	if (a->returns->options == RETURN_SAVE)
		return false; /* RFC 5182 2.1 */
	if (!a->begun && extended) {
		begin_extended(a, tag, more, out);
	} else if (!a->begun) {
		buf_addf(out, "* %s", a->verb);
		a->end = a->results->n;
	}
	a->begun = true;
	if (a->rated)
		return end_extended(a, out);
	for (size_t left = STEP; left > 0 && a->at < a->end; left--, a->at++) {
		const uint32_t n = number_at(a, a->at);

		if (extended) {
			seqset_put(&a->writer, n, out);
		} else {
			buf_addc(out, ' ');
			buf_addu(out, n);
		}
	}
	if (a->at < a->end)
		return true;
	if (extended)
		return end_extended(a, out);
	if (a->modseq > 0)
		buf_addf(out, " (MODSEQ %llu)", (unsigned long long)a->modseq);
	buf_adds(out, "\r\n");
	return false;
}

void
answer_save(const struct search_answer *a, struct session *s)
{
	const struct search_results *all = a->results;
	const unsigned options = a->returns->options;
	struct search_results some = { .n = 0 };
	size_t part = all->n, from;

	if ((options & RETURN_SAVE) == 0)
		return;
	if ((options & (RETURN_ALL | RETURN_COUNT)) != 0 ||
	    (options & (RETURN_MIN | RETURN_MAX | RETURN_PARTIAL)) == 0) {
		imapd_search_save(s, all->v, all->n);
		return;
	}
	if ((options & RETURN_PARTIAL) != 0) {
		from = partial_of(&a->returns->partial, &part);
		for (size_t i = from; i < from + part; i++)
			search_results_add(&some, all->v[i]);
	}
	if ((options & RETURN_MIN) != 0 && all->n > 0)
		search_results_add(&some, all->v[0]);
	if ((options & RETURN_MAX) != 0 && all->n > 0)
		search_results_add(&some, all->v[all->n - 1]);
	imapd_search_save(s, some.v, some.n);
	search_results_fini(&some);
}
