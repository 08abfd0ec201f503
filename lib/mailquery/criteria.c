/* SPDX-License-Identifier: ISC */
#include "mailquery/criteria.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "maildir/filename.h"
#include "mailquery/accountmail.h"

/* clang-format off */
static const struct { const char *name; unsigned flag; } flags[] = {
	{ "$answered", MSG_ANSWERED },
	{ "$draft",    MSG_DRAFT },
	{ "$flagged",  MSG_FLAGGED },
	{ "$seen",     MSG_SEEN },
};
/* clang-format on */

struct criterion *
criteria_new(struct arena *a, enum criterion_op op)
{
	struct criterion *c = arena_new(a, struct criterion);

	c->op = op;
	return c;
}

/* ---- keywords ---- */

void
criteria_name_keyword(
    struct criterion_keyword *k, struct slice name, struct arena *a)
{
	char *p = arena_alloc(a, name.n + 1);

	for (size_t i = 0; i < name.n; i++)
		p[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z'
				  ? name.p[i] | 0x20
				  : name.p[i]);
	k->name = slice_of(p, name.n);
	k->flag = 0;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (slice_is(k->name, flags[i].name))
			k->flag = flags[i].flag;
}

static bool
set_has(const char *set, struct slice name)
{
	struct slice rest = slice_str(set), word;

	while (rest.n > 0) {
		word = slice_cut(rest, ' ', &rest);
		if (slice_eq(word, name))
			return true;
	}
	return false;
}

void
criteria_begin_keyword(struct criterion_keyword *k, const struct accountmail *e)
{
	criteria_end_keyword(k);
	k->nsets = accountmail_keyword_sets(e);
	k->sets = xcalloc(k->nsets + 1, sizeof *k->sets);
	for (uint32_t i = 0; i < k->nsets; i++)
		k->sets[i] = set_has(accountmail_keywords(e, i), k->name);
}

void
criteria_end_keyword(struct criterion_keyword *k)
{
	xfree(&k->sets);
	xfree(&k->threads);
	k->nsets = k->nthreads = 0;
}

bool
criteria_has_keyword(
    const struct criterion_keyword *k, const struct accountmail *e, uint32_t n)
{
	const bool all = k->flag == MSG_SEEN;
	const struct accountmail_place *p;

	for (uint32_t at = accountmail_at(e, n)->place; at != 0; at = p->next) {
		p = accountmail_place(e, at);
		if (all && (p->flags & MSG_SEEN) == 0)
			return false;
		if (!all &&
		    ((p->flags & k->flag) != 0 ||
			(p->keywords < k->nsets && k->sets[p->keywords])))
			return true;
	}
	return all;
}

unsigned
criteria_thread(
    struct criterion_keyword *k, const struct accountmail *e, uint32_t n)
{
	const uint32_t first =
	    accountmail_thread(e, accountmail_at(e, n)->thread);
	unsigned found = KEYWORD_IN_ALL;

	if (k->threads == NULL) {
		k->nthreads = accountmail_last(e) + 1;
		k->threads = xcalloc(k->nthreads, sizeof *k->threads);
	}
	if (first < k->nthreads && k->threads[first] != 0)
		return k->threads[first];
	for (uint32_t at = first; at != 0; at = accountmail_at(e, at)->next)
		if (criteria_has_keyword(k, e, at))
			found |= KEYWORD_IN_SOME;
		else
			found &= ~(unsigned)KEYWORD_IN_ALL;
	if (first < k->nthreads)
		k->threads[first] = (uint8_t)(found | 1);
	return found;
}

/* ---- questions ---- */

static bool
is_about_keyword(enum criterion_op op)
{
	return op >= CRITERION_ALL_IN_THREAD && op <= CRITERION_NOT_KEYWORD;
}

void
criteria_begin(struct criterion *c, const struct accountmail *e)
{
	for (; c != NULL; c = c->next) {
		if (is_about_keyword(c->op))
			criteria_begin_keyword(&c->keyword, e);
		criteria_begin(c->child, e);
	}
}

void
criteria_end(struct criterion *c)
{
	for (; c != NULL; c = c->next) {
		criteria_end_keyword(&c->keyword);
		criteria_end(c->child);
	}
}

bool
criteria_has_text(const struct criterion *c)
{
	for (; c != NULL; c = c->next)
		if (c->op >= CRITERION_TEXT || criteria_has_text(c->child))
			return true;
	return false;
}

bool
criteria_has_thread(const struct criterion *c)
{
	for (; c != NULL; c = c->next)
		if ((c->op >= CRITERION_ALL_IN_THREAD &&
			c->op <= CRITERION_NONE_IN_THREAD) ||
		    criteria_has_thread(c->child))
			return true;
	return false;
}

/* Is one of the email's places in a mailbox of C, or in another? */
static bool
is_in(const struct criterion *c, const struct accountmail *e, uint32_t n,
    bool other)
{
	const struct accountmail_place *p;

	for (uint32_t at = accountmail_at(e, n)->place; at != 0; at = p->next) {
		bool listed = false;

		p = accountmail_place(e, at);
		for (size_t i = 0; i < c->nboxes && !listed; i++)
			listed = c->boxes[i] == p->box;
		if (listed != other)
			return true;
	}
	return false;
}

static bool
leaf(struct criterion *c, const struct accountmail *e, uint32_t n)
{
	const struct accountmail_email *m = accountmail_at(e, n);

	switch ((int)c->op) {
	case CRITERION_IN_MAILBOX:
		return is_in(c, e, n, false);
	case CRITERION_NOT_ONLY_IN:
		return is_in(c, e, n, true);
	case CRITERION_BEFORE:
		return m->received_s < c->number;
	case CRITERION_AFTER:
		return m->received_s >= c->number;
	case CRITERION_MIN_SIZE:
		return m->size >= (uint64_t)c->number;
	case CRITERION_MAX_SIZE:
		return m->size < (uint64_t)c->number;
	case CRITERION_ALL_IN_THREAD:
		return (criteria_thread(&c->keyword, e, n) & KEYWORD_IN_ALL) !=
		       0;
	case CRITERION_SOME_IN_THREAD:
		return (criteria_thread(&c->keyword, e, n) & KEYWORD_IN_SOME) !=
		       0;
	case CRITERION_NONE_IN_THREAD:
		return (criteria_thread(&c->keyword, e, n) & KEYWORD_IN_SOME) ==
		       0;
	case CRITERION_KEYWORD:
		return criteria_has_keyword(&c->keyword, e, n);
	case CRITERION_NOT_KEYWORD:
		return !criteria_has_keyword(&c->keyword, e, n);
	case CRITERION_ATTACHMENT:
		return m->attachment == c->yes;
	default:
		return false;
	}
}

static enum match_answer
opposite(enum match_answer a)
{
	if (a == MATCH_UNKNOWN)
		return a;
	return a == MATCH_YES ? MATCH_NO : MATCH_YES;
}

enum match_answer
criteria_answer(struct criterion *c, const struct accountmail *e, uint32_t n)
{
	const enum match_answer stop =
	    c->op == CRITERION_AND ? MATCH_NO : MATCH_YES;
	enum match_answer answer = opposite(stop);

	if (c->op >= CRITERION_TEXT)
		return MATCH_UNKNOWN;
	if (c->op > CRITERION_NOT)
		return leaf(c, e, n) ? MATCH_YES : MATCH_NO;
	for (struct criterion *k = c->child; k != NULL; k = k->next) {
		const enum match_answer a = criteria_answer(k, e, n);

		if (a == stop || a == MATCH_UNKNOWN)
			answer = a;
		if (a == stop)
			break;
	}
	return c->op == CRITERION_NOT ? opposite(answer) : answer;
}
