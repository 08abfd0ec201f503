/* SPDX-License-Identifier: ISC */
/* Searches for flags alone, UNSEEN before all, are answered from the flags that
 * the view has at hand: nothing is read for a message. */
#include "mailsearch/match.h"

#include "mailread/seqwalk.h"
#include "mailsearch/search.h"
#include "store/view.h"
#include "store/view_marks.h"

enum { LOOK_MAX = 16384 }; /* messages in a call */

/* One of the keys that must all be met; false: it is about something else. */
static bool
add_key(struct match *m, const struct search_key *k)
{
	const bool wanted = k->op != SEARCH_NOT;
	const uint8_t had = m->flags;

	if (k->op == SEARCH_AND && k->child == NULL)
		return true;
	if (!wanted)
		k = k->child;
	if (k->op != SEARCH_FLAG)
		return false;
	/* Both FLAG and NOT FLAG are nobody's. */
	if ((had & k->flag) != 0 && ((m->flagged & k->flag) != 0) != wanted)
		return false;
	m->flags |= (uint8_t)k->flag;
	if (wanted)
		m->flagged |= (uint8_t)k->flag;
	return true;
}

void
match_flags_init(struct match *m)
{
	const struct search_key *all = m->search->key;

	m->by_flags = all->op == SEARCH_AND;
	for (const struct search_key *k = all->child; k != NULL && m->by_flags;
	     k = k->next)
		m->by_flags = add_key(m, k);
}

static void
add_hit(struct match *m, struct seqwalk *w, uint32_t seq)
{
	w->batch[m->nhits].uid = view_uid(m->view, seq);
	w->batch[m->nhits].modseq = 0; /* nobody asks */
	m->hits[m->nhits++] = (struct match_hit){ .seq = seq, .sure = true };
}

enum found
match_flags_look(struct match *m, struct seqwalk *w, struct err *err)
{
	const uint8_t *marks;
	bool more = false;
	uint32_t seq;

	if (!m->marked && view_mark(m->view, &more, err) == -1)
		return TEMPFAIL;
	m->marked = !more;
	if (more)
		return FOUND;
	marks = view_marks(m->view);
	for (int left = LOOK_MAX;
	     left > 0 && m->nhits < MATCH_HITS && (seq = seqwalk_peek(w)) != 0;
	     left--) {
		const uint8_t mark = marks[seq - 1];

		seqwalk_skip(w);
		if ((mark & VIEW_MARK_GONE) != 0)
			w->missing = true;
		else if ((mark & m->flags) == m->flagged)
			add_hit(m, w, seq);
	}
	return FOUND;
}
