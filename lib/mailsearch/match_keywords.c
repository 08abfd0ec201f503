/* SPDX-License-Identifier: ISC */
#include "mailsearch/match.h"

#include "maildir/keywords.h"
#include "store/mailbox.h"
#include "store/view.h"

/* What the names of keywords mean in the table that messages were read with.
 */
static void
find_keywords(const struct keyword_table *t, struct search_key *k)
{
	if (k->op == SEARCH_KEYWORD)
		k->keyword = keywords_find(t, k->name);
	for (struct search_key *c = k->child; c != NULL; c = c->next)
		find_keywords(t, c);
}

void
match_keywords(struct match *m)
{
	const struct keyword_table *t = mailbox_keywords(view_mailbox(m->view));

	if (m->keywords != t->modseq)
		find_keywords(t, m->search->key);
	m->keywords = t->modseq;
}
