/* SPDX-License-Identifier: ISC */
#include "mailsearch/lookup.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fulltext/fulltext.h"
#include "fulltext/fuzzy.h"
#include "fulltext/keeper.h"
#include "fulltext/query.h"
#include "mailread/seqwalk.h"
#include "mailsearch/known.h"
#include "mailsearch/search.h"
#include "store/mailbox.h"
#include "store/view.h"
#include "sys/clock.h"

enum {
	BUSY_MS = 200, /* another process writes; then it is not asked */
	MESSAGES_A_STEP = 4096,
};

enum stage { START, ASK, CHOOSE, DONE };

struct lookup {
	struct match_known known;
	struct keeper *keeper;
	const struct search *search;
	struct view *view;
	enum stage stage;
	int64_t until_ms;
	uint64_t number; /* of the index that is asked */
	struct fulltext_places places;
	struct term_query *strings[SEARCH_STRINGS_MAX]; /* as those of search */
	struct term_query *heads[SEARCH_STRINGS_MAX];
	struct fuzzy_query *near_strings[SEARCH_STRINGS_MAX]; /* or NULL */
	struct fuzzy_query *near_heads[SEARCH_STRINGS_MAX];
	size_t at;            /* of both lists */
	bool is_near;         /* what is asked there */
	uint32_t seq;         /* of the view, to be chosen or not */
	struct seqset chosen; /* sequence numbers */
	size_t cap;
	bool useful;
};

static void
forget(struct lookup *l)
{
	for (size_t i = 0; i < SEARCH_STRINGS_MAX; i++) {
		query_free(&l->strings[i]);
		query_free(&l->heads[i]);
		fuzzy_free(&l->near_strings[i]);
		fuzzy_free(&l->near_heads[i]);
	}
	fulltext_places_fini(&l->places);
	l->useful = false;
	l->stage = DONE;
}

void
lookup_free(struct lookup **l)
{
	if (*l == NULL)
		return;
	forget(*l);
	xfree(&(*l)->chosen.v);
	xfree(l);
}

static unsigned
near_score(const struct lookup *l, const struct search_key *k, uint64_t doc)
{
	const struct fuzzy_query *q = k->op == SEARCH_HEADER
					  ? l->near_heads[k->slot]
					  : l->near_strings[k->slot];

	return q != NULL ? fuzzy_score(q, doc) : 0;
}

/* What is not in the index has to be read, as what may have the string. */
static enum match_answer
answer(struct match_known *known, const struct search_key *k, uint32_t uid)
{
	const struct lookup *l = OUTER(known, struct lookup, known);
	const struct term_query *q =
	    k->op == SEARCH_HEADER ? l->heads[k->slot] : l->strings[k->slot];
	uint64_t doc;

	if (fulltext_place_of(&l->places, uid, &doc) != FOUND || doc == 0)
		return MATCH_UNKNOWN;
	if (near_score(l, k, doc) > 0)
		return k->op == SEARCH_HEADER ? MATCH_UNKNOWN : MATCH_YES;
	if (q == NULL || !query_is_useful(q))
		return MATCH_UNKNOWN;
	if (!query_has(q, doc))
		return MATCH_NO;
	return query_is_exact(q) && k->op != SEARCH_HEADER ? MATCH_YES
							   : MATCH_UNKNOWN;
}

static unsigned
relevancy(struct match_known *known, const struct search_key *k, uint32_t uid)
{
	const struct lookup *l = OUTER(known, struct lookup, known);
	uint64_t doc;
	unsigned score;

	if (fulltext_place_of(&l->places, uid, &doc) != FOUND || doc == 0)
		return RELEVANCY_READ;
	score = near_score(l, k, doc);
	if (score == 0 && answer(known, k, uid) != MATCH_NO)
		score = RELEVANCY_WITHIN;
	return score;
}

struct lookup *
lookup_new(struct keeper *k, const struct search *search, struct view *v)
{
	struct lookup *l;

	if (search->nstrings + search->nheads == 0 || view_count(v) == 0)
		return NULL;
	l = xcalloc(1, sizeof *l);
	l->known.answer = answer;
	l->known.relevancy = relevancy;
	l->keeper = k;
	l->search = search;
	l->view = v;
	l->seq = 1;
	l->until_ms = clock_ms() + BUSY_MS;
	return l;
}

static void
make_queries(struct lookup *l)
{
	const struct search *s = l->search;

	for (size_t i = 0; i < s->nstrings; i++) {
		const struct search_key *k = s->strings[i];
		const unsigned scope =
		    k->op == SEARCH_BODY ? QUERY_BODY : QUERY_ALL;

		l->strings[i] = query_new(k->needle, scope);
		if (k->fuzzy)
			l->near_strings[i] = fuzzy_new(k->needle, scope);
	}
	for (size_t i = 0; i < s->nheads; i++) {
		const struct search_key *k = s->heads[i];

		l->heads[i] = query_new(k->needle, QUERY_HEADER);
		if (k->fuzzy)
			l->near_heads[i] = fuzzy_new(k->needle, QUERY_HEADER);
	}
}

/* Places first: what is in them is in all that is found later. */
static int
start(struct lookup *l, struct fulltext *f, struct err *err)
{
	struct mailbox *m = view_mailbox(l->view);
	struct mailbox_status status;

	if (mailbox_status(m, &status, err) == -1 ||
	    fulltext_places(f, slice_str(status.id), status.uidvalidity,
		&l->places, err) == -1)
		return -1;
	if (l->places.n == 0) {
		forget(l);
		return 0;
	}
	make_queries(l);
	l->stage = ASK;
	return 0;
}

/* What comes near the string at hand; then the next one. */
static int
ask_near(struct lookup *l, struct fulltext *f, struct err *err)
{
	const size_t n = l->search->nstrings;
	struct fuzzy_query *q =
	    l->at < n ? l->near_strings[l->at] : l->near_heads[l->at - n];
	bool more = false;

	if (q != NULL && fuzzy_step(q, f, &more, err) == -1)
		return -1;
	if (more)
		return 0;
	l->useful |= q != NULL;
	l->is_near = false;
	l->at++;
	return 0;
}

static int
ask(struct lookup *l, struct fulltext *f, struct err *err)
{
	const size_t n = l->search->nstrings;
	struct term_query *q;
	bool more = false;

	if (l->is_near)
		return ask_near(l, f, err);
	if (l->at == n + l->search->nheads) {
		l->stage = l->useful ? CHOOSE : DONE;
		return 0;
	}
	q = l->at < n ? l->strings[l->at] : l->heads[l->at - n];
	if (q != NULL && query_step(q, f, &more, err) == -1)
		return -1;
	l->useful |= !more && q != NULL && query_is_useful(q);
	l->is_near = !more;
	return 0;
}

/* May the message meet K, one of the keys that all must be met? */
static bool
may_meet(struct lookup *l, const struct search_key *k, uint32_t uid)
{
	if (k->op == SEARCH_AND) {
		for (k = k->child; k != NULL; k = k->next)
			if (!may_meet(l, k, uid))
				return false;
		return true;
	}
	return k->op < SEARCH_HEADER || answer(&l->known, k, uid) != MATCH_NO;
}

static void
add_chosen(struct lookup *l, uint32_t seq)
{
	struct seqset *s = &l->chosen;

	if (s->n > 0 && s->v[s->n - 1].hi + 1 == seq) {
		s->v[s->n - 1].hi = seq;
		return;
	}
	if (s->n == l->cap) {
		l->cap = l->cap > 0 ? 2 * l->cap : 64;
		s->v = xreallocarray(s->v, l->cap, sizeof *s->v);
	}
	s->v[s->n++] = (struct seqrange){ seq, seq };
}

static void
choose(struct lookup *l)
{
	const uint32_t count = view_count(l->view);

	for (int i = 0; i < MESSAGES_A_STEP && l->seq <= count; i++) {
		if (may_meet(l, l->search->key, view_uid(l->view, l->seq)))
			add_chosen(l, l->seq);
		l->seq++;
	}
	if (l->seq > count)
		l->stage = DONE;
}

bool
lookup_step(struct lookup *l)
{
	struct err err = { 0 };
	struct fulltext *f;
	uint64_t number = 0;
	int rc;

	if (l->stage == DONE)
		return false;
	if (l->stage == CHOOSE) {
		choose(l);
		return true;
	}
	f = keeper_index(l->keeper, &number);
	if (f == NULL || (l->stage == ASK && number != l->number)) {
		forget(l);
		return false;
	}
	l->number = number;
	rc = l->stage == START ? start(l, f, &err) : ask(l, f, &err);
	if (rc == 0 || (err.code == ERR_BUSY && clock_ms() < l->until_ms))
		return true;
	keeper_failed(l->keeper);
	forget(l);
	return false;
}

struct match_known *
lookup_known(struct lookup *l)
{
	return l->useful ? &l->known : NULL;
}

void
lookup_narrow(const struct lookup *l, struct seqwalk *w, struct arena *a)
{
	if (l->useful)
		seqwalk_narrow_to(w, &l->chosen, false, a);
}
