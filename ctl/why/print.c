/* SPDX-License-Identifier: ISC */
#include "ctl/why/print.h"

#include <stdio.h>

#include "ctl/view/out.h"
#include "ctl/why/why.h"

void
why_print_flush(struct why *w)
{
	if (w->out.n > 0)
		fwrite(w->out.p, 1, w->out.n, stdout);
	(void)fflush(stdout);
	buf_reset(&w->out);
}

static void
print_tally(struct why *w, const struct qtally *t)
{
	const struct qtally_group *most[WHY_REASONS];
	const size_t n = qtally_most(&t->reasons, most, WHY_REASONS);
	struct buf *b = &w->out;

	buf_addf(b, "  %-12s%lld message%s, %lld recipient%s, %lld bytes",
	    "mail", (long long)t->messages, t->messages == 1 ? "" : "s",
	    (long long)t->rcpts, t->rcpts == 1 ? "" : "s", (long long)t->bytes);
	if (t->active > 0)
		buf_addf(b, "; %lld being delivered", (long long)t->active);
	if (t->held > 0)
		buf_addf(b, "; %lld on hold", (long long)t->held);
	buf_addc(b, '\n');
	if (t->messages == 0)
		return;
	buf_addf(b, "  %-12s%s, ", "oldest", t->oldest);
	qview_span(b, w->now_s - t->oldest_s);
	buf_adds(b, " old\n");
	if (t->next_s >= 0) {
		buf_addf(b, "  %-12s", "next");
		qview_span(b, t->next_s - w->now_s);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < n; i++) {
		buf_addf(b, "  %-12s%lld  ", i == 0 ? "reasons" : "",
		    (long long)most[i]->rcpts);
		out_plain(b, slice_of(most[i]->name, most[i]->n));
		buf_addc(b, '\n');
	}
}

static void
print_state(struct why *w, const struct qsite *s)
{
	struct buf *b = &w->out;

	if (s->source.n > 0) {
		buf_addf(b, "  %-12s", "from");
		out_plain(b, s->source);
		buf_addc(b, '\n');
	}
	buf_addf(b,
	    "  %-12s%lld under way, %lld may be now, %lld at most; %lld wait "
	    "for their turn\n",
	    "deliveries", (long long)s->active, (long long)s->window,
	    (long long)s->limit, (long long)s->waiting);
	if (s->fails > 0) {
		buf_addf(b, "  %-12s%lld in a row, the last: ", "failures",
		    (long long)s->fails);
		out_plain(b, s->dsn);
		buf_addc(b, ' ');
		out_plain(b, s->why);
		buf_addc(b, '\n');
	}
	if (s->limits.n == 0)
		return;
	buf_addf(b, "  %-12s", "limits");
	out_plain(b, s->limits);
	if (s->rate > 0)
		buf_addf(b, "; %lld of %lld recipients", (long long)s->sent,
		    (long long)s->rate);
	if (s->shared >= 0)
		buf_addf(b, "; %lld deliveries of all its sites",
		    (long long)s->shared);
	if (s->pause_s > 0) {
		buf_adds(b, "; the next in ");
		qview_span(b, s->pause_s);
	}
	buf_addc(b, '\n');
}

static void
print_cause(
    struct why *w, enum qcause c, const struct qsite *s, const struct qtally *t)
{
	buf_addf(&w->out, "  %-12s", "why");
	why_say_cause(w, c, s, t, &w->out);
	buf_addc(&w->out, '\n');
}

static void
print_message(struct why *w)
{
	const struct qview_entry *e = &w->message;
	struct qview_printer p = { .now_s = w->now_s };

	why_print_flush(w);
	(void)qview_print(&p, e);
	buf_fini(&p.line);
}

void
why_print_head(struct why *w)
{
	if (w->ctl->json)
		return;
	out_plain(&w->out, w->name);
	buf_addc(&w->out, '\n');
	why_route_print(&w->route, &w->out);
	why_print_flush(w);
}

void
why_print_place(struct why *w, enum qcause c)
{
	if (w->message.qid.n > 0) {
		print_message(w);
		why_route_print(&w->route, &w->out);
	}
	if (w->nsites == 0)
		print_cause(w, c, NULL, &w->place);
	if (w->message.qid.n == 0 && (w->place.messages > 0 || w->route.known))
		print_tally(w, &w->place);
	why_print_flush(w);
}

void
why_print_site(struct why *w, struct slice name, enum qcause c,
    const struct qsite *s, const struct qtally *t)
{
	buf_adds(&w->out, "site ");
	out_plain(&w->out, name);
	buf_addc(&w->out, '\n');
	print_cause(w, c, s, t);
	if (s != NULL)
		print_state(w, s);
	print_tally(w, t);
	why_print_flush(w);
}

void
why_print_end(struct why *w)
{
	if (w->more_sites > 0)
		buf_addf(&w->out, "and %zu more sites\n", w->more_sites);
}
