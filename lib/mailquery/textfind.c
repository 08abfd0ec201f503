/* SPDX-License-Identifier: ISC */
#include "mailquery/textfind.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mailquery/accountmail.h"
#include "mailquery/criteria.h"
#include "mailsearch/finder.h"
#include "mailsearch/search.h"
#include "store/mailbox.h"
#include "store/view.h"

/* A message that stands for an email. */
struct textfind_message {
	uint32_t box, uid;
	uint32_t email;
	uint64_t id;
};

struct textfind {
	struct account *account;
	struct accountmail *emails;
	struct keeper *keeper;
	struct criterion *filter;
	struct search search;
	struct criteria_search asked;
	struct textfind_message *v; /* by mailbox, then UID */
	size_t n;
	size_t from, to; /* those of the mailbox at hand */
	uint64_t *hits;  /* of each email: its id, if it was found */
	uint32_t nhits;
	struct arena arena; /* of the mailbox */
	struct mailbox *mailbox;
	struct view *view;
	bool filled;
	struct search_key top, uids; /* the mailbox's messages, and the rest */
	struct finder *finder;
};

static int
by_place(const void *pa, const void *pb)
{
	const struct textfind_message *a = pa, *b = pb;

	if (a->box != b->box)
		return a->box < b->box ? -1 : 1;
	return (a->uid > b->uid) - (a->uid < b->uid);
}

/* The message UID of the mailbox at hand; NULL: none. */
static const struct textfind_message *
message(const struct textfind *t, uint32_t uid)
{
	size_t from = t->from, to = t->to;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (t->v[mid].uid < uid)
			from = mid + 1;
		else
			to = mid;
	}
	return from < t->to && t->v[from].uid == uid ? &t->v[from] : NULL;
}

static bool
ask(void *arg, const struct search_key *k, uint32_t uid)
{
	struct textfind *t = arg;
	const struct textfind_message *m = message(t, uid);

	/* It may have gone since, and another have its number. */
	return m != NULL && accountmail_at(t->emails, m->email)->id == m->id &&
	       criteria_answer(t->asked.asked[k->slot], t->emails, m->email) ==
		   MATCH_YES;
}

static void
choose(struct textfind *t)
{
	const uint32_t last = accountmail_last(t->emails);

	t->v = xcalloc((size_t)last + 1, sizeof *t->v);
	for (uint32_t i = 1; i <= last; i++) {
		const struct accountmail_email *m =
		    accountmail_at(t->emails, i);
		const struct accountmail_place *p;

		if (m->id == 0 ||
		    criteria_answer(t->filter, t->emails, i) != MATCH_UNKNOWN)
			continue;
		p = accountmail_place(t->emails, m->place);
		t->v[t->n++] =
		    (struct textfind_message){ p->box, p->uid, i, m->id };
	}
	qsort(t->v, t->n, sizeof *t->v, by_place);
	t->nhits = last + 1;
	t->hits = xcalloc(t->nhits, sizeof *t->hits);
}

struct textfind *
textfind_new(struct account *a, struct accountmail *e, struct keeper *k,
    struct criterion *filter, struct arena *arena)
{
	struct textfind *t = xcalloc(1, sizeof *t);

	t->account = a;
	t->emails = e;
	t->keeper = k;
	t->filter = filter;
	arena_init(&t->arena);
	if (!criteria_to_search(filter, arena, &t->search, &t->asked)) {
		textfind_free(&t);
		return NULL;
	}
	t->top = (struct search_key){ .op = SEARCH_AND, .child = &t->uids };
	t->uids =
	    (struct search_key){ .op = SEARCH_UID, .next = t->search.key };
	t->search.key = &t->top;
	t->search.ask = ask;
	t->search.ask_arg = t;
	choose(t);
	return t;
}

static void
leave(struct textfind *t)
{
	if (t->finder != NULL)
		finder_free(&t->finder);
	if (t->view != NULL)
		view_close(&t->view);
	if (t->mailbox != NULL)
		mailbox_close(&t->mailbox);
	arena_fini(&t->arena);
	arena_init(&t->arena);
	t->from = t->to;
	t->filled = false;
}

void
textfind_free(struct textfind **tp)
{
	struct textfind *t = *tp;

	if (t == NULL)
		return;
	leave(t);
	arena_fini(&t->arena);
	xfree(&t->v);
	xfree(&t->hits);
	xfree(tp);
}

/* The next mailbox with messages to be looked at; ABSENT: it is gone. */
static enum found
enter(struct textfind *t, struct err *err)
{
	const uint32_t box = t->v[t->from].box;
	const struct slice name = accountmail_box_name(t->emails, box);
	enum found f = ABSENT;

	for (t->to = t->from; t->to < t->n && t->v[t->to].box == box;)
		t->to++;
	if (name.n > 0)
		f = mailbox_open(t->account, name, &t->mailbox, err);
	if (f == FOUND)
		t->view = view_new(t->mailbox, VIEW_READONLY);
	return f;
}

static void
begin(struct textfind *t)
{
	struct seqset *set = &t->uids.set;

	set->v = arena_alloc(&t->arena, (t->to - t->from) * sizeof *set->v);
	set->n = 0;
	set->uids = true;
	for (size_t i = t->from; i < t->to; i++) {
		const uint32_t uid = t->v[i].uid;

		if (set->n > 0 && set->v[set->n - 1].hi + 1 == uid)
			set->v[set->n - 1].hi = uid;
		else
			set->v[set->n++] = (struct seqrange){ uid, uid };
	}
	t->finder = finder_new(&t->search, t->view, &t->arena, true);
	if (t->keeper != NULL)
		finder_ask(t->finder, t->keeper, &t->arena);
}

static int
find(struct textfind *t, struct err *err)
{
	const struct textfind_message *m;

	switch (finder_step(t->finder, err)) {
	case FOUND:
		if (!finder_hit(t->finder))
			return 0;
		m = message(t, view_uid(t->view, finder_seq(t->finder)));
		if (m != NULL)
			t->hits[m->email] = m->id;
		return 0;
	case ABSENT:
		leave(t);
		return 0;
	case TEMPFAIL:
		break;
	}
	return -1;
}

int
textfind_step(struct textfind *t, bool *more, struct err *err)
{
	*more = t->from < t->n;
	if (!*more)
		return 0;
	if (t->mailbox == NULL) {
		const enum found f = enter(t, err);

		if (f == ABSENT)
			leave(t);
		return f == TEMPFAIL ? -1 : 0;
	}
	if (!t->filled) {
		bool filling;

		if (view_fill(t->view, &filling, err) == -1)
			return -1;
		t->filled = !filling;
		if (t->filled)
			begin(t);
		return 0;
	}
	return find(t, err);
}

bool
textfind_has(const struct textfind *t, uint32_t n, uint64_t id)
{
	return n < t->nhits && t->hits[n] == id;
}
