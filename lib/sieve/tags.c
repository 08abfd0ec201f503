/* SPDX-License-Identifier: ISC */
#include "sieve/tags.h"

#include "base/mem.h"
#include "sieve/check.h"
#include "sieve/compare.h"
#include "sieve/regex.h"
#include "sieve/text.h"

struct sieve_arg *
sieve_tags_find(const struct sieve_node *n, int id)
{
	for (struct sieve_arg *t = n->tags; t != NULL; t = t->next)
		if (t->tag->id == id)
			return t;
	return NULL;
}

bool
sieve_tags_is_fixed(const struct sieve_check *c, const struct sieve_arg *a)
{
	return !sieve_check_has(c, SIEVE_EXT_VARIABLES) ||
	       !sieve_text_has_variables(a->text);
}

/* The strings of a list, or the one string; IT begins with NULL. */
bool
sieve_tags_next(const struct sieve_arg *list, const struct sieve_arg **it)
{
	if (list == NULL)
		return false;
	if (*it == NULL)
		*it = list->kind == SIEVE_ARG_LIST ? list->items : list;
	else
		*it = *it == list ? NULL : (*it)->next;
	return *it != NULL;
}

/* The same, of those that have no variables in them. */
bool
sieve_tags_next_fixed(const struct sieve_check *c, const struct sieve_arg *list,
    const struct sieve_arg **it)
{
	while (sieve_tags_next(list, it))
		if (sieve_tags_is_fixed(c, *it))
			return true;
	return false;
}

static struct slice
value_of(const struct sieve_node *n, int id)
{
	const struct sieve_arg *t = sieve_tags_find(n, id);

	return t != NULL ? t->value->text : SLICE("");
}

/* ---- match types ---- */

static bool
check_relation(struct sieve_check *c, const struct sieve_arg *t)
{
	if (sieve_compare_relation(t->value->text) != -1)
		return true;
	sieve_check_error(c, t->value->pos,
	    "unknown relation '%.*s' for ':%s': expected gt, ge, lt, le, eq or "
	    "ne",
	    SLICE_FMT(t->value->text), t->tag->name);
	return false;
}

static bool
check_comparator(struct sieve_check *c, const struct sieve_node *n)
{
	const struct sieve_arg *t = sieve_tags_find(n, SIEVE_TAG_COMPARATOR);
	const int id = t == NULL ? SIEVE_BY_ASCII_CASEMAP
				 : sieve_compare_find(t->value->text);

	if (id == -1) {
		sieve_check_error(c, t->value->pos, "unknown comparator '%.*s'",
		    SLICE_FMT(t->value->text));
		return false;
	}
	if (sieve_compare_ext((enum sieve_comparator)id) != SIEVE_EXT_CORE &&
	    !sieve_check_has(c,
		(enum sieve_ext)sieve_compare_ext((enum sieve_comparator)id))) {
		sieve_check_error(c, t->value->pos,
		    "missing require \"comparator-%s\"",
		    sieve_compare_name((enum sieve_comparator)id));
		return false;
	}
	if (t != NULL && sieve_tags_find(n, SIEVE_TAG_LIST) != NULL) {
		sieve_check_error(c, t->pos,
		    "':comparator' does not go with ':list', which compares as "
		    "the list does");
		return false;
	}
	if (!sieve_compare_knows_parts((enum sieve_comparator)id) &&
	    (sieve_tags_find(n, SIEVE_TAG_CONTAINS) != NULL ||
		sieve_tags_find(n, SIEVE_TAG_MATCHES) != NULL ||
		sieve_tags_find(n, SIEVE_TAG_REGEX) != NULL)) {
		sieve_check_error(c, t->value->pos,
		    "the comparator %s knows no parts of strings: expected "
		    ":is, :value or :count",
		    sieve_compare_name((enum sieve_comparator)id));
		return false;
	}
	return true;
}

static bool
check_regexes(
    struct sieve_check *c, const struct sieve_node *n, struct sieve_arg *keys)
{
	const bool caseless =
	    !slice_is(value_of(n, SIEVE_TAG_COMPARATOR), "i;octet");
	const struct sieve_arg *it = NULL;
	char why[160];

	while (sieve_tags_next_fixed(c, keys, &it)) {
		struct sieve_regex *r = sieve_regex_new(
		    it->text, caseless, c->limits, why, sizeof why);

		if (r == NULL) {
			sieve_check_error(
			    c, it->pos, "invalid regular expression: %s", why);
			return false;
		}
		sieve_regex_free(&r);
	}
	return true;
}

bool
sieve_tags_match(struct sieve_check *c, const struct sieve_node *n)
{
	const struct sieve_arg *t;
	struct sieve_arg *keys = n->nplain > 0 ? n->plain[n->nplain - 1] : NULL;

	t = sieve_tags_find(n, SIEVE_TAG_VALUE);
	if (t != NULL && !check_relation(c, t))
		return false;
	t = sieve_tags_find(n, SIEVE_TAG_COUNT);
	if (t != NULL && !check_relation(c, t))
		return false;
	if (!check_comparator(c, n))
		return false;
	return sieve_tags_find(n, SIEVE_TAG_REGEX) == NULL ||
	       check_regexes(c, n, keys);
}

/* ---- tags that need each other ---- */

bool
sieve_tags_index(
    struct sieve_check *c, const struct sieve_node *n, int index, int last)
{
	const struct sieve_arg *i = sieve_tags_find(n, index);
	const struct sieve_arg *l = sieve_tags_find(n, last);

	if (l != NULL && i == NULL) {
		sieve_check_error(c, l->pos,
		    "the :last tag of %s cannot be specified without the "
		    ":index tag",
		    n->word->name);
		return false;
	}
	if (i != NULL && i->value->number == 0) {
		sieve_check_error(
		    c, i->value->pos, "':index' counts from 1: 0 was found");
		return false;
	}
	return true;
}

bool
sieve_tags_mime(struct sieve_check *c, const struct sieve_node *n)
{
	static const int ids[] = { SIEVE_TAG_ANYCHILD, SIEVE_TAG_TYPE,
		SIEVE_TAG_SUBTYPE, SIEVE_TAG_CONTENTTYPE, SIEVE_TAG_PARAM };

	if (sieve_tags_find(n, SIEVE_TAG_MIME) != NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct sieve_arg *t = sieve_tags_find(n, ids[i]);

		if (t == NULL)
			continue;
		sieve_check_error(c, t->pos,
		    "':%s' for the %s test needs ':mime' beside it",
		    t->tag->name, n->word->name);
		return false;
	}
	return true;
}
