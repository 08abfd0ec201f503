/* SPDX-License-Identifier: ISC */
#include "mailsearch/finder.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mailread/seqwalk.h"
#include "mailsearch/lookup.h"
#include "mailsearch/match.h"
#include "mailsearch/search.h"
#include "store/message.h"
#include "store/view.h"

struct finder {
	struct seqwalk walk;
	struct match match;
	bool numbers;
	bool busy; /* with match's message */
	bool hit;  /* it meets the criteria */
	uint32_t seq;
	uint64_t modseq;
	struct lookup *lookup; /* NULL: nothing is asked, */
	bool asked;            /* or all was */
	struct arena *arena;   /* for what comes of that */
};

struct finder *
finder_new(struct search *search, struct view *v, struct arena *a, bool numbers)
{
	struct finder *f = xcalloc(1, sizeof *f);

	/* Numbers do not tell how near a message comes. */
	numbers = numbers && !search->fuzzy;
	seqwalk_all(&f->walk, v, a);
	match_init(&f->match, search, v);
	if (f->match.heads_kept)
		match_read_records(&f->match);
	f->numbers = numbers;
	f->match.numbers = numbers && !search->modseq;
	return f;
}

/* What is kept of each message tells as much of a few fields. */
void
finder_ask(struct finder *f, struct keeper *k, struct arena *a)
{
	f->arena = a;
	if (!f->match.heads_kept)
		f->lookup = lookup_new(k, f->match.search, f->match.view);
}

void
finder_read_records(struct finder *f)
{
	match_read_records(&f->match);
}

void
finder_read_column(struct finder *f, bool thread)
{
	match_read_column(&f->match, thread ? COLUMN_THREAD : COLUMN_SORT);
}

static void
end_message(struct finder *f)
{
	if (f->busy)
		match_end(&f->match);
	f->busy = f->hit = false;
}

void
finder_free(struct finder **f)
{
	if (*f != NULL) {
		end_message(*f);
		match_fini(&(*f)->match);
		lookup_free(&(*f)->lookup);
	}
	xfree(f);
}

/* Sets that each message has to be in are all that is looked at, whose number
 * is what counts. */
uint32_t
finder_limit(struct finder *f, struct arena *a, uint32_t max)
{
	const struct search_key *all = f->match.search->key;

	if (max == 0)
		return 0;
	for (const struct search_key *k = all->child; k != NULL; k = k->next)
		if (k->op == SEARCH_UID || k->op == SEARCH_SEQ)
			seqwalk_narrow_to(
			    &f->walk, &k->set, k->op == SEARCH_UID, a);
	return seqwalk_limit(&f->walk, max);
}

bool
finder_hit(const struct finder *f)
{
	return f->hit;
}

struct mailread *
finder_message(struct finder *f)
{
	return &f->match.message;
}

unsigned
finder_relevancy(struct finder *f)
{
	f->match.message.relevancy = match_relevancy(&f->match);
	return f->match.message.relevancy;
}

struct slice
finder_column(const struct finder *f)
{
	return f->match.kept_column;
}

enum found
finder_without_column(struct finder *f, struct err *err)
{
	struct match *m = &f->match;
	struct message_info info;
	const enum found found = message_find(
	    view_mailbox(m->view), view_uid(m->view, f->seq), &info, err);

	m->kept_column = slice_of(NULL, 0);
	f->busy = found == FOUND;
	if (f->busy)
		match_begin(m, f->seq, &info);
	return found;
}

uint64_t
finder_modseq(const struct finder *f)
{
	return f->modseq;
}

uint32_t
finder_seq(const struct finder *f)
{
	return f->seq;
}

bool
finder_has_more(const struct finder *f)
{
	return match_has_more(&f->match, f->numbers);
}

static enum found
next_message(struct finder *f, struct err *err)
{
	const struct message_info *info;
	enum found found;
	uint32_t seq;

	found = match_next(&f->match, &f->walk, &seq, &info, err);
	if (found != FOUND || seq == 0)
		return found;
	f->seq = seq;
	f->modseq = info->modseq;
	if (f->match.kept_column.n > 0 ||
	    (f->numbers && seq == f->match.sure_seq)) {
		f->hit = true;
		return FOUND;
	}
	match_begin(&f->match, seq, info);
	f->busy = true;
	return FOUND;
}

/* False: it has been. */
static bool
ask_index(struct finder *f)
{
	if (f->lookup == NULL || f->asked)
		return false;
	if (lookup_step(f->lookup))
		return true;
	f->asked = true;
	f->match.known = lookup_known(f->lookup);
	lookup_narrow(f->lookup, &f->walk, f->arena);
	return false;
}

enum found
finder_step(struct finder *f, struct err *err)
{
	enum match_answer answer;
	enum found found;

	if (ask_index(f))
		return FOUND;
	if (f->hit)
		end_message(f);
	if (!f->busy) {
		found = next_message(f, err);
		if (found != FOUND || !f->busy)
			return found;
	}
	found = match_step(&f->match, &answer, err);
	if (found == FOUND && answer == MATCH_UNKNOWN)
		return FOUND;
	if (found == FOUND && answer == MATCH_YES)
		f->hit = true;
	else
		end_message(f);
	return found == TEMPFAIL ? TEMPFAIL : FOUND;
}
