/* SPDX-License-Identifier: ISC */
/* Criteria as mailsearch asks them of the messages of a mailbox. */
#include "mailquery/criteria.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mailsearch/search.h"
#include "mime/fold.h"

enum { FIELD_NAMES = CRITERION_SUBJECT - CRITERION_FROM + 1 };

struct criteria_maker {
	struct arena *arena;
	struct search *search;
	struct criteria_search *to;
	size_t nstrings; /* of all kinds */
	bool full;
};

static struct search_key *make(struct criteria_maker *m, struct criterion *c);

static struct search_key *
new_key(struct criteria_maker *m, enum search_op op)
{
	struct search_key *k = arena_new(m->arena, struct search_key);

	k->op = op;
	k->keyword = -1;
	return k;
}

/* What is taken out of quotes has no backslashes before what they protect. */
static struct slice
unquote(struct slice s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		p[n++] = s.p[i];
	}
	return slice_of(p, n);
}

static size_t
quoted_end(struct slice s, char quote)
{
	size_t i = 1;

	while (i < s.n && s.p[i] != quote)
		i += s.p[i] == '\\' && i + 1 < s.n ? 2 : 1;
	return i;
}

bool
criteria_word(struct slice *text, struct slice *word, struct arena *a)
{
	struct slice s = *text;
	size_t n;

	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_from(s, 1);
	if (s.n == 0)
		return false;
	if (s.p[0] == '"' || s.p[0] == '\'') {
		n = quoted_end(s, s.p[0]);
		if (n < s.n) {
			*word = unquote(slice_sub(s, 1, n - 1), a);
			*text = slice_from(s, n + 1);
			return word->n > 0 || criteria_word(text, word, a);
		}
	}
	for (n = 0; n < s.n && s.p[n] != ' ' && s.p[n] != '\t';)
		n++;
	*word = slice_sub(s, 0, n);
	*text = slice_from(s, n);
	return true;
}

static struct slice
needle_of(struct criteria_maker *m, struct slice s)
{
	struct buf folded;

	buf_init(&folded, 64 * s.n + 256);
	fold_text(s, &folded);
	s = arena_slice(m->arena, buf_slice(&folded));
	buf_fini(&folded);
	return s;
}

static struct search_key *
text_key(struct criteria_maker *m, const struct criterion *c, struct slice word)
{
	static const char *const names[FIELD_NAMES] = { "FROM", "TO", "CC",
		"BCC", "SUBJECT" };
	struct search *s = m->search;
	struct search_key *k = new_key(m, SEARCH_FIELD);

	if (++m->nstrings > SEARCH_STRINGS_MAX) {
		m->full = true;
		return k;
	}
	k->needle = needle_of(m, word);
	if (c->op == CRITERION_HEADER) {
		k->op = SEARCH_HEADER;
		k->name = c->name;
		k->slot = s->nheads;
		s->heads[s->nheads++] = k;
	} else if (k->needle.n == 0) {
		k->op = SEARCH_AND; /* it folds to nothing, which is anywhere */
	} else if (c->op == CRITERION_TEXT || c->op == CRITERION_BODY) {
		k->op = c->op == CRITERION_TEXT ? SEARCH_TEXT : SEARCH_BODY;
		k->slot = s->nstrings;
		s->strings[s->nstrings++] = k;
	} else {
		k->name = slice_str(names[c->op - CRITERION_FROM]);
	}
	return k;
}

/* A text asks for each of its words. */
static struct search_key *
words(struct criteria_maker *m, const struct criterion *c)
{
	struct search_key *all = new_key(m, SEARCH_AND);
	struct search_key **tail = &all->child;
	struct slice text = c->text, word;

	if (c->op == CRITERION_HEADER) {
		all->child = text_key(m, c, c->text);
		return all;
	}
	while (!m->full && criteria_word(&text, &word, m->arena)) {
		*tail = text_key(m, c, word);
		tail = &(*tail)->next;
	}
	return all;
}

static struct search_key *
asked(struct criteria_maker *m, struct criterion *c)
{
	struct search_key *k = new_key(m, SEARCH_ASKED);

	if (m->to->nasked == CRITERIA_ASKED_MAX) {
		m->full = true;
		return k;
	}
	k->slot = m->to->nasked;
	m->to->asked[m->to->nasked++] = c;
	return k;
}

static struct search_key *
list(struct criteria_maker *m, struct criterion *c, enum search_op op)
{
	struct search_key *k = new_key(m, op);
	struct search_key **tail = &k->child;

	for (struct criterion *i = c->child; i != NULL; i = i->next) {
		*tail = make(m, i);
		tail = &(*tail)->next;
	}
	return k;
}

static struct search_key *
make(struct criteria_maker *m, struct criterion *c)
{
	struct search_key *k;

	if (!criteria_has_text(c->child) && c->op < CRITERION_TEXT)
		return asked(m, c);
	if (c->op == CRITERION_AND)
		return list(m, c, SEARCH_AND);
	if (c->op == CRITERION_OR)
		return list(m, c, SEARCH_OR);
	if (c->op != CRITERION_NOT)
		return words(m, c);
	k = new_key(m, SEARCH_NOT);
	k->child = list(m, c, SEARCH_OR);
	return k;
}

bool
criteria_to_search(struct criterion *c, struct arena *a, struct search *search,
    struct criteria_search *s)
{
	struct criteria_maker m = { .arena = a, .search = search, .to = s };

	*search = (struct search){ .key = NULL };
	s->nasked = 0;
	search->key = make(&m, c);
	return !m.full;
}
