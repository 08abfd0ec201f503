/* SPDX-License-Identifier: ISC */
#include "mailsearch/bodyscan.h"

#include "base/mem.h"
#include "base/needle.h"

/* Look through the window; keep as much of its end as a string may begin in. */
static void
look(struct textscan *t, enum textscan_where where, bool end)
{
	struct bodyscan *s = OUTER(t, struct bodyscan, text);
	const struct slice text = buf_slice(&t->window);
	size_t keep = 0;

	(void)end;
	for (size_t i = 0; i < s->search->nstrings; i++) {
		const struct search_key *k = s->search->strings[i];

		if (s->found[i] ||
		    (where == TEXTSCAN_HEADER && k->op == SEARCH_BODY))
			continue;
		if (k->needle.n - 1 > keep)
			keep = k->needle.n - 1;
		if (needle_find(text, k->needle, k->rare) == text.n)
			continue;
		s->found[i] = true;
		s->nfound++;
	}
	if (t->window.n > keep)
		buf_consume(&t->window, t->window.n - keep);
}

void
bodyscan_begin(struct bodyscan *s, const struct search *search,
    struct block *block, const struct mime_part *root)
{
	*s = (struct bodyscan){ .search = search };
	textscan_begin(&s->text, block, root, look);
}

int
bodyscan_step(struct bodyscan *s, bool *done, struct err *err)
{
	const int rc = textscan_step(&s->text, err);

	*done =
	    !textscan_has_more(&s->text) || s->nfound == s->search->nstrings;
	return rc;
}

void
bodyscan_end(struct bodyscan *s)
{
	textscan_end(&s->text);
}
