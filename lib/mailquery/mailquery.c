/* SPDX-License-Identifier: ISC */
#include "mailquery/mailquery.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mailquery/accountmail.h"
#include "mailquery/kept.h"
#include "mailquery/mailsort.h"
#include "mailquery/textfind.h"
#include "mailsearch/order.h"
#include "mailsearch/sortkey.h"

enum { LOOK = 4096 /* emails in a step */ };

enum stage {
	QUERY_SYNC, /* the table comes up to date */
	QUERY_TEXTS,
	QUERY_LOOK,
	QUERY_SORT,
	QUERY_PICK,
	QUERY_DONE,
};

struct mailquery {
	struct account *account;
	struct accountmail *emails;
	struct keeper *keeper;
	const struct mailquery_request *r;
	struct arena *arena;
	struct criterion everything;
	struct criterion *filter;
	struct mailquery_sort sorts[MAILQUERY_SORTS_MAX];
	bool received, descending; /* in the order of their reception */
	enum stage stage;
	uint64_t table; /* the state of the table that stage goes over */
	bool begun;     /* the filter's look at that table */
	struct textfind *texts;
	struct mailsort sort;
	struct order order;
	struct buf key;
	uint32_t at;   /* LOOK: so many were looked at */
	size_t picked; /* PICK: the same of the order */
	uint64_t *ids; /* what was found, in order */
	size_t nids, cap;
	uint8_t *threads; /* collapse: those that are there, by their first */
	uint32_t nthreads;
	bool whole; /* ids are all that there are */
	struct mailquery_result result;
};

struct mailquery *
mailquery_new(struct account *a, struct accountmail *e, struct keeper *k,
    const struct mailquery_request *r, struct arena *arena)
{
	struct mailquery *q = xcalloc(1, sizeof *q);

	q->account = a;
	q->emails = e;
	q->keeper = k;
	q->r = r;
	q->arena = arena;
	q->filter = r->filter != NULL ? r->filter : &q->everything;
	memcpy(q->sorts, r->sorts, sizeof q->sorts);
	q->received = mailsort_is_received(r->sorts, r->nsorts, &q->descending);
	mailsort_init(&q->sort, a, q->sorts, r->nsorts);
	order_init(&q->order, r->memory_bytes);
	buf_init(&q->key, SORTKEY_MAX);
	return q;
}

/* The look at a state of the table ends. */
static void
end_look(struct mailquery *q)
{
	criteria_end(q->filter);
	for (size_t i = 0; i < q->r->nsorts; i++)
		criteria_end_keyword(&q->sorts[i].keyword);
	xfree(&q->threads);
	q->begun = false;
}

void
mailquery_free(struct mailquery **qp)
{
	struct mailquery *q = *qp;

	if (q == NULL)
		return;
	end_look(q);
	textfind_free(&q->texts);
	mailsort_fini(&q->sort);
	order_fini(&q->order);
	buf_fini(&q->key);
	xfree(&q->ids);
	xfree(&q->result.ids);
	xfree(qp);
}

static void
begin_look(struct mailquery *q)
{
	end_look(q);
	criteria_begin(q->filter, q->emails);
	for (size_t i = 0; i < q->r->nsorts; i++)
		criteria_begin_keyword(&q->sorts[i].keyword, q->emails);
	q->nthreads = accountmail_last(q->emails) + 1;
	if (q->r->collapse)
		q->threads = xcalloc(q->nthreads, sizeof *q->threads);
	q->table = accountmail_modseq(q->emails);
	q->begun = true;
}

/* ---- what is found ---- */

/* False: its thread has one before it. */
static bool
take(struct mailquery *q, uint32_t n)
{
	const struct accountmail_email *m = accountmail_at(q->emails, n);

	if (q->r->collapse) {
		const uint32_t first = accountmail_thread(q->emails, m->thread);

		if (q->threads[first] != 0)
			return false;
		q->threads[first] = 1;
	}
	if (q->nids == q->cap) {
		q->cap = q->cap > 0 ? 2 * q->cap : 256;
		q->ids = xreallocarray(q->ids, q->cap, sizeof *q->ids);
	}
	q->ids[q->nids++] = m->id;
	return true;
}

/* Is nothing that comes behind what was found asked for? */
static bool
is_enough(const struct mailquery *q)
{
	const struct mailquery_request *r = q->r;

	return !r->total && r->anchor == 0 && r->position >= 0 &&
	       q->nids >= (uint64_t)r->position &&
	       q->nids - (uint64_t)r->position >= r->limit;
}

static bool
meets(struct mailquery *q, uint32_t n)
{
	switch (criteria_answer(q->filter, q->emails, n)) {
	case MATCH_YES:
		return true;
	case MATCH_NO:
		break;
	case MATCH_UNKNOWN:
		return q->texts != NULL &&
		       textfind_has(
			   q->texts, n, accountmail_at(q->emails, n)->id);
	}
	return false;
}

/* ---- the stages ---- */

static int
sync_table(struct mailquery *q, struct err *err)
{
	const uint64_t *ids;
	bool more;
	size_t n;

	if (accountmail_step(q->emails, &more, err) == -1)
		return -1;
	if (more)
		return 0;
	q->result.state = accountmail_modseq(q->emails);
	q->stage = QUERY_LOOK;
	ids = kept_find(q->r->name, q->result.state, &n);
	if (ids != NULL) {
		q->ids = xcalloc(n + 1, sizeof *q->ids);
		memcpy(q->ids, ids, n * sizeof *ids);
		q->nids = n;
		q->whole = true;
		q->stage = QUERY_DONE;
		return 0;
	}
	if (!criteria_has_text(q->filter))
		return 0;
	q->stage = QUERY_TEXTS;
	begin_look(q);
	q->texts =
	    textfind_new(q->account, q->emails, q->keeper, q->filter, q->arena);
	if (q->texts == NULL) {
		q->result.too_much_text = true;
		q->stage = QUERY_DONE;
	}
	return 0;
}

static int
find_texts(struct mailquery *q, struct err *err)
{
	bool more;

	if (textfind_step(q->texts, &more, err) == -1)
		return -1;
	if (!more) {
		q->stage = QUERY_LOOK;
		q->begun = false;
	}
	return 0;
}

/* Others may have brought the table up to date meanwhile: then numbers of
 * emails are others, and it is looked at from the start. */
static void
check_table(struct mailquery *q)
{
	if (q->begun && q->table == accountmail_modseq(q->emails))
		return;
	begin_look(q);
	q->at = 0;
	q->picked = q->nids = 0;
	order_reset(&q->order);
	q->stage = QUERY_LOOK;
}

static int
add_key(struct mailquery *q, uint32_t n, bool *ready, struct err *err)
{
	const enum found f =
	    mailsort_key(&q->sort, q->emails, n, &q->key, ready, err);

	if (f == FOUND && *ready)
		order_add(&q->order, q->at, n, buf_slice(&q->key));
	return f == TEMPFAIL ? -1 : 0;
}

static int
look(struct mailquery *q, struct err *err)
{
	const uint32_t count = accountmail_count(q->emails);
	const uint32_t *order = accountmail_received(q->emails);
	bool ready = true;

	for (int i = 0; i < LOOK && q->at < count; i++) {
		const uint32_t n =
		    order[q->descending ? count - 1 - q->at : q->at];

		if (!meets(q, n)) {
			q->at++;
			continue;
		}
		if (!q->received) {
			if (add_key(q, n, &ready, err) == -1)
				return -1;
			q->at += ready;
			if (!ready)
				return 0;
			continue;
		}
		q->at++;
		if (take(q, n) && is_enough(q))
			break;
	}
	if (q->received && (q->at == count || is_enough(q))) {
		q->whole = q->at == count;
		q->stage = QUERY_DONE;
	} else if (q->at == count) {
		q->stage = QUERY_SORT;
	}
	return 0;
}

static void
pick(struct mailquery *q)
{
	for (int i = 0; i < LOOK && q->picked < q->order.n; i++)
		(void)take(q, q->order.v[q->picked++].item);
	q->whole = q->picked == q->order.n;
	if (q->whole)
		q->stage = QUERY_DONE;
}

/* ---- the part that is asked for ---- */

/* Where an email stands; -1: it is not there. */
static int64_t
index_of(const struct mailquery *q, uint64_t id)
{
	for (size_t i = 0; i < q->nids; i++)
		if (q->ids[i] == id)
			return (int64_t)i;
	return -1;
}

/* Where it begins; false: there is no anchor. */
static bool
begin_of(const struct mailquery *q, uint64_t *from)
{
	const int64_t count = (int64_t)q->nids;
	int64_t at = q->r->position;

	if (q->r->anchor != 0) {
		at = index_of(q, q->r->anchor);
		if (at == -1)
			return false;
		at +=
		    q->r->anchor_offset < -count ? -count : q->r->anchor_offset;
	} else if (at < 0) {
		at += count;
	}
	*from = at > 0 ? (uint64_t)at : 0;
	return true;
}

static void
finish(struct mailquery *q)
{
	struct mailquery_result *out = &q->result;
	uint64_t from;

	if (out->too_much_text)
		return;
	out->no_anchor = !begin_of(q, &from);
	if (out->no_anchor)
		return;
	out->total = q->nids;
	out->position = from;
	if (from >= q->nids)
		return;
	out->n = q->nids - (size_t)from;
	if (out->n > q->r->limit)
		out->n = (size_t)q->r->limit;
	out->ids = xcalloc(out->n + 1, sizeof *out->ids);
	memcpy(out->ids, q->ids + from, out->n * sizeof *out->ids);
}

/* What took long is worth to be kept. */
static void
keep(struct mailquery *q)
{
	uint64_t *ids;

	if (!q->whole || (q->received && q->texts == NULL))
		return;
	ids = xcalloc(q->nids + 1, sizeof *ids);
	if (q->nids > 0)
		memcpy(ids, q->ids, q->nids * sizeof *ids);
	kept_put(q->r->name, q->result.state, &ids, q->nids);
}

static int
work(struct mailquery *q, struct err *err)
{
	if (q->stage == QUERY_LOOK || q->stage == QUERY_SORT ||
	    q->stage == QUERY_PICK)
		check_table(q);
	switch (q->stage) {
	case QUERY_SYNC:
		return sync_table(q, err);
	case QUERY_TEXTS:
		return find_texts(q, err);
	case QUERY_LOOK:
		return look(q, err);
	case QUERY_SORT:
		if (!order_step(&q->order))
			q->stage = QUERY_PICK;
		return 0;
	case QUERY_PICK:
		pick(q);
		return 0;
	case QUERY_DONE:
		break;
	}
	return 0;
}

int
mailquery_step(struct mailquery *q, bool *more, struct err *err)
{
	if (work(q, err) == -1)
		return -1;
	*more = q->stage != QUERY_DONE;
	if (!*more) {
		finish(q);
		if (q->texts != NULL || !q->received)
			keep(q);
		end_look(q);
	}
	return 0;
}

struct mailquery_result *
mailquery_result(struct mailquery *q)
{
	return &q->result;
}

void
mailquery_forget(void)
{
	kept_forget();
}
