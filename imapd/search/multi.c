/* SPDX-License-Identifier: ISC */
/*
 * ESEARCH (RFC 7377): the same search in many mailboxes, one after the other,
 * each of which has a picture of its own as long as it is looked into.  What
 * was found in one is told before the next; one without results is not told of.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/boxtext.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "imapd/search/answer.h"
#include "imapd/search/badcharset.h"
#include "imapd/search/commands.h"
#include "imapd/search/find.h"
#include "imapd/search/sources.h"
#include "mailsearch/finder.h"
#include "store/mailbox.h"
#include "store/view.h"

enum { HEAD_MAX = 16 << 10 };

enum phase { OPENING, FILLING, FINDING, TELLING };

struct multi {
	struct imapd_job job;
	struct search_returns returns;
	struct slice program; /* parsed anew for each mailbox */
	struct source_names names;
	size_t next; /* name */

	/* the mailbox being looked into */
	enum phase phase;
	struct arena arena;
	struct mailbox *mailbox;
	struct view *view;
	struct search search;
	struct finder *finder;
	struct search_results results;
	struct search_answer answer;
	struct buf head; /* what names it in the answer */
};

static void
end_mailbox(struct multi *m)
{
	finder_free(&m->finder);
	view_close(&m->view);
	mailbox_close(&m->mailbox);
	search_results_fini(&m->results);
	buf_fini(&m->head);
	arena_fini(&m->arena);
	m->phase = OPENING;
}

/* 0: it was deleted meanwhile, and has no messages any more. */
static int
failed(struct multi *m, const struct err *err)
{
	if (err->class == ERR_TEMP)
		return -1;
	end_mailbox(m);
	return 0;
}

/* What is gone, or no mailbox, or not for who asks, has no messages. */
static int
open_next(struct session *s, struct multi *m, struct err *err)
{
	const struct slice name = m->names.v[m->next++];

	switch (boxname_find(s, name, &m->mailbox, err)) {
	case FOUND:
		m->view = view_new(m->mailbox, VIEW_READONLY);
		m->phase = FILLING;
		return 0;
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	}
	return 0;
}

static int
begin_finding(const struct session *s, struct multi *m, struct err *err)
{
	struct mailbox_status status;
	struct parse p;

	if (mailbox_status(m->mailbox, &status, err) == -1)
		return failed(m, err);
	arena_init(&m->arena);
	p = parse_of(m->program, &m->arena);
	m->search = searchkey_parse(&p);
	m->finder = imapd_search_find(s, &m->search, m->view, &m->arena, true);
	buf_init(&m->head, HEAD_MAX);
	buf_adds(&m->head, " MAILBOX ");
	boxtext_add(&m->head, s, mailbox_name(m->mailbox));
	buf_addf(&m->head, " UIDVALIDITY %u", status.uidvalidity);
	m->answer = (struct search_answer){ .returns = &m->returns,
		.results = &m->results,
		.view = m->view,
		.uid = true };
	m->phase = FINDING;
	return 0;
}

static int
fill(const struct session *s, struct multi *m, struct err *err)
{
	bool more;

	if (view_fill(m->view, &more, err) == -1)
		return failed(m, err);
	return more ? 0 : begin_finding(s, m, err);
}

static void
take_in(struct multi *m)
{
	const uint32_t seq = finder_seq(m->finder);

	search_results_add(&m->results, seq);
	if (m->search.fuzzy)
		search_results_rate(
		    &m->results, seq, finder_relevancy(m->finder));
}

static int
find(struct multi *m, struct err *err)
{
	switch (finder_step(m->finder, err)) {
	case FOUND:
		if (finder_hit(m->finder))
			take_in(m);
		return 0;
	case ABSENT:
		m->phase = TELLING;
		if (m->results.n == 0)
			end_mailbox(m);
		return 0;
	case TEMPFAIL:
		return failed(m, err);
	}
	return 0;
}

static int
work(struct session *s, struct multi *m, struct err *err)
{
	switch (m->phase) {
	case OPENING:
		return open_next(s, m, err);
	case FILLING:
		return fill(s, m, err);
	case FINDING:
		return find(m, err);
	case TELLING:
		if (!answer_step(
			&m->answer, s->tag, buf_slice(&m->head), imapd_out(s)))
			end_mailbox(m);
		return 0;
	}
	return 0;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct multi *m = OUTER(job, struct multi, job);
	struct err err = { 0 };

	while (!imapd_is_full(s) && !work_spent()) {
		if (m->phase == OPENING && m->next == m->names.n) {
			imapd_ok(s, "ESEARCH completed");
			return;
		}
		if (work(s, m, &err) == -1) {
			imapd_no(s, "search", &err);
			return;
		}
	}
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct multi *m = OUTER(job, struct multi, job);

	(void)s;
	end_mailbox(m);
	sources_names_fini(&m->names);
	xfree(&m);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
start(struct session *s, const struct search_returns *returns,
    struct slice program, const struct search_source *sources)
{
	static const struct search_source selected = { .kind =
							   SOURCE_SELECTED };
	struct slice name = { NULL, 0 };
	struct multi *m = xcalloc(1, sizeof *m);
	struct err err = { 0 };

	m->job.ops = &ops;
	m->returns = *returns;
	m->program = program;
	imapd_start(s, &m->job);
	if (s->view != NULL)
		name = mailbox_name(view_mailbox(s->view));
	if (sources_resolve(sources != NULL ? sources : &selected, s, name,
		&s->arena, &m->names, &err) == -1)
		imapd_no(s, "search", &err);
	else
		on_more(s, &m->job);
}

/* ESEARCH [SP IN (...)] [SP RETURN (...)] SP search-program */
void
imapd_cmd_esearch(struct session *s, struct parse *p)
{
	const struct search_source *sources;
	struct search_returns returns;
	struct slice program;
	struct search search;
	const char *why;

	parse_space(p);
	sources = sources_parse(p);
	returns = returns_parse(p);
	if (returns.options == 0)
		returns.options = RETURN_ALL;
	program = cur_rest(&p->c);
	search = searchkey_parse(p);
	why = imapd_search_forbidden(
	    s, &search, false, (returns.options & RETURN_RELEVANCY) != 0);
	if (!parse_ok(p))
		imapd_bad(s, p);
	else if (why != NULL)
		imapd_bad_text(s, why);
	else if (search.saved)
		imapd_bad_text(s, "$ is for SEARCH in the selected mailbox");
	else if (search.bad_charset)
		imapd_badcharset(s);
	else if ((sources == NULL || sources_selected(sources)) &&
		 s->view == NULL)
		imapd_bad_text(s, "no mailbox selected");
	else if ((returns.options & (RETURN_SAVE | RETURN_UPDATE)) != 0)
		imapd_bad_text(s, "SAVE and UPDATE are UID SEARCH's");
	else
		start(s, &returns, program, sources);
}
