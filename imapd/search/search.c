/* SPDX-License-Identifier: ISC */
/*
 * SEARCH, SORT and their UID forms (RFC 9051 6.4.4, RFC 5256 3): a job that
 * finds the messages, puts them in order, and tells them, in steps.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/enabled.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "imapd/parse/sortprogram.h"
#include "imapd/search/answer.h"
#include "imapd/search/badcharset.h"
#include "imapd/search/commands.h"
#include "imapd/search/context.h"
#include "imapd/search/find.h"
#include "imapd/search/progress.h"
#include "imapd/search/sorted.h"
#include "imapd/search/state.h"
#include "imapd/selected/modseq.h"
#include "mailsearch/finder.h"
#include "mailsearch/order.h"
#include "mailsearch/sortkey.h"
#include "store/view.h"

struct request {
	struct search_returns returns;
	struct slice program; /* the text of the criteria */
	struct search search;
	struct sort_program by;
	bool sorted;
};

struct search_job {
	struct imapd_job job;
	struct session *session;
	struct request request;
	struct finder *finder;
	struct progress progress;
	struct buf key, column; /* of a message */
	struct order order;
	struct sorted *sorted; /* the order to be found; NULL: none */
	bool reading;          /* the envelope of what was found last */
	bool found;            /* all that there is */
	bool ordered;          /* so that results has it */
	struct search_results results;
	struct search_answer answer;
	struct search_context *context; /* NULL: no UPDATE */
	uint64_t modseq;                /* the highest of those found */
	uint32_t limited; /* not 0: the first of those that were looked at */
};

static const char *
verb_of(const struct request *r)
{
	return r->sorted ? "SORT" : "SEARCH";
}

static void
finish(struct search_job *j)
{
	struct session *s = j->session;

	answer_save(&j->answer, s);
	if (j->context != NULL)
		context_start(s, &j->context, &j->results,
		    j->request.sorted ? &j->order : NULL);
	if (j->limited != 0)
		imapd_ok_limited(s, j->limited, "SEARCH completed");
	else
		imapd_ok(s, "%s completed", verb_of(&j->request));
}

/* RFC 5182 2.1: a NO leaves an empty result. */
static void
save_nothing(struct session *s, const struct request *r)
{
	if ((r->returns.options & RETURN_SAVE) != 0)
		imapd_search_save(s, NULL, 0);
}

static void
fail(struct search_job *j, const struct err *err)
{
	save_nothing(j->session, &j->request);
	imapd_no(j->session, "search", err);
}

/* The key of what was found, of which the column may know all. */
static enum found
read_key(struct search_job *j, bool *ready, struct err *err)
{
	const struct sort_program *by = &j->request.by;
	struct mailread *m = finder_message(j->finder);
	const struct slice column = finder_column(j->finder);
	enum found found = FOUND;

	*ready = true;
	if (column.n > 0 && sortkey_column_key(&j->key, by, column))
		return FOUND;
	if (column.n > 0)
		found = finder_without_column(j->finder, err);
	if (found == FOUND && sortkey_column(by) == SORTKEY_COLUMN) {
		found = sortkey_column_message(&j->column, m, ready, err);
		if (found == FOUND && *ready)
			(void)sortkey_column_key(
			    &j->key, by, buf_slice(&j->column));
		return found;
	}
	return found == FOUND ? sortkey_message(&j->key, by, m, ready, err)
			      : found;
}

/* A message meets the criteria. */
static enum found
take_in(struct search_job *j, struct err *err)
{
	const uint32_t seq = finder_seq(j->finder);
	enum found found;
	bool ready;

	if (finder_modseq(j->finder) > j->modseq)
		j->modseq = finder_modseq(j->finder);
	if (j->request.search.fuzzy)
		search_results_rate(
		    &j->results, seq, finder_relevancy(j->finder));
	if (sorted_is_known(j->sorted)) {
		sorted_hit(j->sorted, seq);
		return FOUND;
	}
	if (!j->request.sorted) {
		search_results_add(&j->results, seq);
		return FOUND;
	}
	found = read_key(j, &ready, err);
	j->reading = found == FOUND && !ready;
	if (found == FOUND && ready)
		order_add(&j->order, seq, seq, buf_slice(&j->key));
	return found;
}

/* A piece of finding. */
static int
find(struct search_job *j, struct err *err)
{
	enum found found = j->reading ? FOUND : finder_step(j->finder, err);

	if (found == ABSENT)
		j->found = true;
	if (found == FOUND && finder_hit(j->finder))
		found = take_in(j, err);
	return found == TEMPFAIL ? -1 : 0;
}

/* A piece of sorting. */
static void
put_in_order(struct search_job *j)
{
	if (sorted_is_known(j->sorted)) {
		j->ordered = !sorted_pick(j->sorted, j->session, &j->results);
		return;
	}
	if (j->request.sorted && order_step(&j->order))
		return;
	for (size_t i = 0; i < j->order.n; i++)
		search_results_add(&j->results, j->order.v[i].item);
	j->ordered = true;
	sorted_keep(j->sorted, j->session, &j->results);
}

static void
tell_modseq(struct search_job *j)
{
	if (j->request.search.modseq)
		j->answer.modseq = answer_modseq(&j->answer, j->modseq);
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct search_job *j = OUTER(job, struct search_job, job);
	struct err err = { 0 };

	while (!imapd_is_full(s) && !work_spent()) {
		if (!j->found) {
			int rc;

			/* What the index alone tells costs less than the
			 * clock. */
			do
				rc = find(j, &err);
			while (rc == 0 && !j->reading &&
			       finder_has_more(j->finder));
			if (rc == -1) {
				fail(j, &err);
				return;
			}
		} else if (!j->ordered) {
			put_in_order(j);
			if (j->ordered)
				tell_modseq(j);
		} else if (!answer_step(&j->answer, s->tag,
			       (struct slice){ NULL, 0 }, imapd_out(s))) {
			finish(j);
			return;
		}
	}
	if (!j->found)
		progress_tell(&j->progress, s, finder_seq(j->finder));
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct search_job *j = OUTER(job, struct search_job, job);

	(void)s;
	finder_free(&j->finder);
	order_fini(&j->order);
	search_results_fini(&j->results);
	buf_fini(&j->key);
	buf_fini(&j->column);
	sorted_free(&j->sorted);
	context_free(&j->context);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
read_keys(struct search_job *j)
{
	if (sortkey_column(&j->request.by) != SORTKEY_NO_COLUMN &&
	    !j->request.search.fuzzy)
		finder_read_column(j->finder, false);
	else
		finder_read_records(j->finder);
}

static void
start(struct session *s, struct parse *p, const struct request *r)
{
	const bool uid = imapd_command_is_uid(s->command);
	struct search_job *j = xcalloc(1, sizeof *j);

	if (r->search.modseq)
		imapd_enable(s, ENABLED_CONDSTORE);
	j->job.ops = &ops;
	j->session = s;
	j->request = *r;
	buf_init(&j->key, SORTKEY_MAX);
	buf_init(&j->column, SORTKEY_MAX);
	order_init(&j->order, imapd_search_memory());
	j->answer = (struct search_answer){ .verb = verb_of(r),
		.returns = &j->request.returns,
		.results = &j->results,
		.view = s->view,
		.uid = uid };
	if ((r->returns.options & RETURN_UPDATE) != 0)
		j->context = context_new(
		    s, r->program, r->sorted ? &j->request.by : NULL, uid);
	/* A context goes on with the keys; how near a message comes is of this
	 * search alone. */
	if (r->sorted && j->context == NULL && !r->search.fuzzy)
		j->sorted = sorted_new(s, &r->by);
	j->finder = imapd_search_find(s, &j->request.search, s->view, p->arena,
	    !r->sorted || sorted_is_known(j->sorted));
	if (r->sorted && !sorted_is_known(j->sorted)) {
		order_reserve(&j->order, view_count(s->view));
		read_keys(j);
	}
	if (!r->sorted)
		j->limited = finder_limit(j->finder, p->arena, imapd_limit());
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}

static void
run(struct session *s, struct parse *p, const struct request *r)
{
	const bool relevancy = (r->returns.options & RETURN_RELEVANCY) != 0 ||
			       sortkey_by_relevancy(&r->by);
	const char *why =
	    imapd_search_forbidden(s, &r->search, r->sorted, relevancy);

	if (!parse_ok(p))
		imapd_bad(s, p);
	else if ((r->returns.options & RETURN_UPDATE) != 0 &&
		 context_find(s, s->tag) != NULL)
		imapd_bad_text(s, "the tag has a context");
	else if (why != NULL)
		imapd_bad_text(s, why);
	else if (!r->search.bad_charset)
		start(s, p, r);
	else {
		save_nothing(s, r);
		imapd_badcharset(s);
	}
}

/* SEARCH [SP RETURN ...] SP [CHARSET ...] search-key *(SP search-key) */
void
imapd_cmd_search(struct session *s, struct parse *p)
{
	struct request r = { .sorted = false };

	parse_space(p);
	r.returns = returns_parse(p);
	if (r.returns.options == 0 && (s->enabled & ENABLED_REV2) != 0)
		r.returns.options = RETURN_ALL; /* RFC 9051 6.4.4 */
	r.program = cur_rest(&p->c);
	r.search = searchkey_parse(p);
	run(s, p, &r);
}

/* SORT [SP RETURN ...] SP sort-criteria SP charset 1*(SP search-key) */
void
imapd_cmd_sort(struct session *s, struct parse *p)
{
	struct request r = { .sorted = true };

	parse_space(p);
	r.returns = returns_parse(p);
	r.by = sortprogram_parse(p);
	parse_space(p);
	r.program = cur_rest(&p->c);
	r.search = searchkey_parse_charset(p);
	run(s, p, &r);
}
