/* SPDX-License-Identifier: ISC */
#include "imapd/search/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/conn/session.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "imapd/search/answer.h"
#include "imapd/search/state.h"
#include "mailsearch/order.h"
#include "mailsearch/recheck.h"
#include "mailsearch/sortkey.h"
#include "store/view.h"
#include "store/view_event.h"

enum {
	/* Of a SORT by sequence numbers, where each EXPUNGE looks at all. */
	NUMBERED_SORT_MAX = 10000,
};

/* UIDs, ascending. */
struct uids {
	uint32_t *v;
	size_t n, cap;
};

static const char addto[] = "ADDTO", removefrom[] = "REMOVEFROM";

struct search_context {
	LIST_ENTRY(search_context) link;
	struct arena arena; /* of the criteria */
	char *tag;
	bool uid;
	bool sorted;
	struct search search;

	/* what is in it: the client's picture of the results */
	struct uids members;
	struct order
	    order; /* sorted: of the same; items and numbers are UIDs */

	uint32_t last;       /* the last UID that was looked at */
	struct uids gone;    /* members that leave, to be told */
	struct uids pending; /* to be evaluated */
	struct uids now;     /* being evaluated */
	size_t at;           /* the next of them, or the one in recheck */
	struct recheck *recheck;

	/* the line under way */
	const char *kind; /* one of the two above; NULL: none */
	bool more;        /* behind a pair */
	struct seqset_writer writer;
};

/* ---- sets of UIDs ---- */

static size_t
uids_from(const struct uids *u, uint32_t uid)
{
	size_t from = 0, to = u->n;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (u->v[mid] < uid)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool
uids_has(const struct uids *u, uint32_t uid)
{
	const size_t i = uids_from(u, uid);

	return i < u->n && u->v[i] == uid;
}

static void
uids_add(struct uids *u, uint32_t uid)
{
	const size_t i = uids_from(u, uid);

	if (i < u->n && u->v[i] == uid)
		return;
	if (u->n == u->cap) {
		u->cap = u->cap > 0 ? 2 * u->cap : 16;
		u->v = xreallocarray(u->v, u->cap, sizeof *u->v);
	}
	memmove(&u->v[i + 1], &u->v[i], (u->n - i) * sizeof *u->v);
	u->v[i] = uid;
	u->n++;
}

static int
by_number(const void *pa, const void *pb)
{
	const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return a < b ? -1 : a > b;
}

/* Of all that were found, in any order. */
static void
uids_take(
    struct uids *u, const struct view *v, const struct search_results *results)
{
	u->n = u->cap = results->n;
	u->v = xreallocarray(u->v, u->cap + 1, sizeof *u->v);
	for (size_t i = 0; i < u->n; i++)
		u->v[i] = view_uid(v, results->v[i]);
	qsort(u->v, u->n, sizeof *u->v, by_number);
}

static void
uids_remove(struct uids *u, uint32_t uid)
{
	const size_t i = uids_from(u, uid);

	if (i == u->n || u->v[i] != uid)
		return;
	u->n--;
	memmove(&u->v[i], &u->v[i + 1], (u->n - i) * sizeof *u->v);
}

static void
uids_free(struct uids *u)
{
	xfree(&u->v);
	u->n = u->cap = 0;
}

/* ---- beginning and end ---- */

/* Numbers become UIDs, which they mean for good (RFC 5267 4.3). */
static void
fix_numbers(struct search_key *k, const struct view *v)
{
	const uint32_t count = view_count(v);
	size_t n = 0;

	for (size_t i = 0; k->op == SEARCH_SEQ && i < k->set.n; i++) {
		const struct seqrange r = k->set.v[i];

		if (r.lo == 0 || r.lo > count)
			continue;
		k->set.v[n++] = (struct seqrange){ view_uid(v, r.lo),
			view_uid(v, r.hi < count ? r.hi : count) };
	}
	if (k->op == SEARCH_SEQ) {
		k->op = SEARCH_UID;
		k->set.n = n;
	}
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		fix_numbers(c, v);
}

struct search_context *
context_new(struct session *s, struct slice program,
    const struct sort_program *by, bool uid)
{
	struct search_context *c = xcalloc(1, sizeof *c);
	struct parse p;

	arena_init(&c->arena);
	p = parse_of(arena_slice(&c->arena, program), &c->arena);
	p.saved = imapd_search_saved(s);
	c->tag = xslicedup(s->tag);
	c->uid = uid;
	c->sorted = by != NULL;
	c->search =
	    by != NULL ? searchkey_parse_charset(&p) : searchkey_parse(&p);
	order_init(&c->order, imapd_search_memory());
	c->recheck = recheck_new(&c->search, by, s->view);
	fix_numbers(c->search.key, s->view);
	c->last = view_count(s->view) > 0
		      ? view_uid(s->view, view_count(s->view))
		      : 0;
	return c;
}

void
context_free(struct search_context **cp)
{
	struct search_context *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	recheck_free(&c->recheck);
	uids_free(&c->members);
	uids_free(&c->gone);
	uids_free(&c->pending);
	uids_free(&c->now);
	order_fini(&c->order);
	xfree(&c->tag);
	arena_fini(&c->arena);
	xfree(&c);
}

static const char *
refusal(const struct session *s, const struct search_context *c, size_t n)
{
	if (s->search->ncontexts >= imapd_search_contexts())
		return "too many contexts";
	/* One message alone does not tell how near it comes. */
	if (c->search.fuzzy)
		return "FUZZY has no updates";
	if (c->sorted && !c->uid && n > NUMBERED_SORT_MAX)
		return "too many messages; UID SORT has updates";
	return NULL;
}

void
context_start(struct session *s, struct search_context **cp,
    const struct search_results *results, struct order *order)
{
	struct search_state *state = imapd_search_state(s);
	struct search_context *c = *cp;
	const char *why = refusal(s, c, results->n);

	if (why != NULL) {
		imapd_untagged(s, "NO [NOUPDATE \"%s\"] %s", c->tag, why);
		context_free(cp);
		return;
	}
	*cp = NULL;
	if (order != NULL) {
		order_fini(&c->order);
		c->order = *order;
		order_init(order, 0);
	}
	for (size_t i = 0; i < c->order.n; i++)
		c->order.v[i].item = c->order.v[i].number =
		    view_uid(s->view, c->order.v[i].item);
	uids_take(&c->members, s->view, results);
	LIST_INSERT_HEAD(&state->contexts, c, link);
	state->ncontexts++;
}

struct search_context *
context_find(const struct session *s, struct slice tag)
{
	struct search_context *c;

	if (s->search == NULL)
		return NULL;
	LIST_FOREACH(c, &s->search->contexts, link)
	if (slice_is(tag, c->tag))
		return c;
	return NULL;
}

void
context_cancel(struct session *s, struct search_context *c)
{
	LIST_REMOVE(c, link);
	s->search->ncontexts--;
	context_free(&c);
}

void
imapd_search_forget(struct session *s)
{
	struct search_context *c;

	if (s->search == NULL)
		return;
	while ((c = LIST_FIRST(&s->search->contexts)) != NULL)
		context_cancel(s, c);
	xfree(&s->search->saved.v);
	xfree(&s->search);
}

/* ---- telling ---- */

static void
end_line(struct session *s, struct search_context *c)
{
	if (c->kind == NULL)
		return;
	seqset_finish(&c->writer, imapd_out(s));
	buf_adds(imapd_out(s), ")\r\n");
	c->kind = NULL;
	c->writer = (struct seqset_writer){ 0 };
}

/* POSITION: in the order, from 1; 0 where there is none. */
static void
tell(struct session *s, struct search_context *c, const char *kind,
    size_t position, uint32_t number)
{
	struct buf *out = imapd_out(s);

	if (c->kind != kind) {
		end_line(s, c);
		answer_put_head(
		    out, slice_str(c->tag), (struct slice){ NULL, 0 }, c->uid);
		buf_addf(out, " %s (%s", kind, c->sorted ? "" : "0 ");
		c->kind = kind;
		c->more = false;
	}
	if (c->sorted) {
		seqset_finish(&c->writer, out);
		c->writer = (struct seqset_writer){ 0 };
		buf_addf(out, "%s%zu ", c->more ? " " : "", position);
		c->more = true;
	}
	seqset_put(&c->writer, number, out);
}

/* Where UIDs are told it can be later, together with others.  SEQ: its number
 * as the client has it. */
static void
leave(struct session *s, struct search_context *c, uint32_t uid, uint32_t seq)
{
	size_t i = 0;

	if (!uids_has(&c->members, uid))
		return;
	if (c->uid) {
		uids_add(&c->gone, uid);
		return;
	}
	while (i < c->order.n && c->order.v[i].item != uid)
		i++;
	tell(s, c, removefrom, i + 1, seq);
	if (c->sorted)
		order_remove(&c->order, i);
	uids_remove(&c->members, uid);
}

static void
enter(
    struct session *s, struct search_context *c, uint32_t uid, struct slice key)
{
	size_t position = 0;

	uids_remove(&c->gone, uid);
	if (uids_has(&c->members, uid))
		return;
	uids_add(&c->members, uid);
	if (c->sorted)
		position = order_insert(&c->order, uid, uid, key) + 1;
	tell(s, c, addto, position, c->uid ? uid : view_seq(s->view, uid));
}

/* All that is gone, in one go: from the last place on, so that no place moves
 * that is still to be told. */
static void
tell_gone(struct session *s, struct search_context *c)
{
	size_t kept = c->order.n;

	if (c->gone.n == 0)
		return;
	for (size_t i = c->order.n; i > 0; i--) {
		const struct order_entry e = c->order.v[i - 1];

		if (uids_has(&c->gone, e.item)) {
			tell(s, c, removefrom, i, e.item);
			c->order.live_bytes -= e.nrest;
		} else {
			c->order.v[--kept] = e;
		}
	}
	c->order.n -= kept;
	if (kept > 0)
		memmove(c->order.v, c->order.v + kept,
		    c->order.n * sizeof *c->order.v);
	kept = 0;
	for (size_t i = 0; i < c->members.n; i++) {
		if (!uids_has(&c->gone, c->members.v[i]))
			c->members.v[kept++] = c->members.v[i];
		else if (!c->sorted)
			tell(s, c, removefrom, 0, c->members.v[i]);
	}
	c->members.n = kept;
	uids_free(&c->gone);
}

/* ---- what happens ---- */

static void
on_expunge(
    struct session *s, struct search_context *c, const struct view_event *e)
{
	leave(s, c, e->uid, e->seq);
	if (!c->uid) /* while its number is what it was */
		end_line(s, c);
}

static void
on_exists(const struct session *s, struct search_context *c)
{
	const uint32_t count = view_count(s->view);

	for (uint32_t seq = view_seq_from(s->view, c->last + 1); seq <= count;
	     seq++) {
		c->last = view_uid(s->view, seq);
		uids_add(&c->pending, c->last);
	}
}

void
context_event(struct session *s, const struct view_event *e)
{
	struct search_context *c;

	if (s->search == NULL)
		return;
	LIST_FOREACH(c, &s->search->contexts, link)
	switch (e->kind) {
	case VIEW_EXPUNGE:
		on_expunge(s, c, e);
		break;
	case VIEW_EXISTS:
		on_exists(s, c);
		break;
	case VIEW_FLAGS:
		uids_add(&c->pending, e->uid);
		break;
	case VIEW_KEYWORDS:
	case VIEW_GONE:
		break;
	}
}

void
context_changed(struct session *s, const uint32_t *uids, size_t n)
{
	struct search_context *c;

	if (s->search == NULL)
		return;
	LIST_FOREACH(c, &s->search->contexts, link)
	for (size_t i = 0; i < n; i++)
		uids_add(&c->pending, uids[i]);
}

/* A piece of work on what waits. */
static void
evaluate(struct session *s, struct search_context *c)
{
	const uint32_t uid = c->now.v[c->at];
	enum recheck_answer answer;
	struct buf key;

	buf_init(&key, SORTKEY_MAX);
	answer = recheck_step(c->recheck, uid, &key);
	if (answer == RECHECK_NO)
		leave(s, c, uid, view_seq(s->view, uid));
	else if (answer == RECHECK_YES)
		enter(s, c, uid, buf_slice(&key));
	if (answer != RECHECK_MORE)
		c->at++;
	buf_fini(&key);
}

bool
context_work(struct session *s)
{
	struct search_context *c;
	bool more = false;

	if (s->search == NULL)
		return false;
	LIST_FOREACH(c, &s->search->contexts, link)
	{
		if (c->at == c->now.n) {
			uids_free(&c->now);
			c->now = c->pending;
			c->pending = (struct uids){ .n = 0 };
			c->at = 0;
		}
		while (c->at < c->now.n && !work_spent())
			evaluate(s, c);
		tell_gone(s, c);
		end_line(s, c);
		more |= c->at < c->now.n || c->pending.n > 0;
	}
	return more;
}
