/* SPDX-License-Identifier: ISC */
#include "imapd/search/sources.h"

#include <stdlib.h>

#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "maildir/name.h"
#include "store/mailbox.h"

/* clang-format off */
static const struct {
	const char *name;
	enum source_kind kind;
	bool named; /* names follow */
} words[] = {
	{ "SELECTED",    SOURCE_SELECTED,    false },
	{ "INBOXES",     SOURCE_INBOXES,     false },
	{ "PERSONAL",    SOURCE_PERSONAL,    false },
	{ "SUBSCRIBED",  SOURCE_SUBSCRIBED,  false },
	{ "SUBTREE",     SOURCE_SUBTREE,     true },
	{ "SUBTREE-ONE", SOURCE_SUBTREE_ONE, true },
	{ "MAILBOXES",   SOURCE_MAILBOXES,   true },
};
/* clang-format on */

static struct search_source *
add_source(struct parse *p, struct search_source ***tail, enum source_kind kind)
{
	struct search_source *s = arena_new(p->arena, struct search_source);

	s->kind = kind;
	**tail = s;
	*tail = &s->next;
	return s;
}

/* one-or-more-mailbox: mailbox / "(" mailbox *(SP mailbox) ")" */
static void
read_names(struct parse *p, struct search_source ***tail, enum source_kind kind)
{
	parse_space(p);
	if (!parse_try_open(p)) {
		add_source(p, tail, kind)->name = boxname_parse(p);
		return;
	}
	do
		add_source(p, tail, kind)->name = boxname_parse(p);
	while (parse_ok(p) && parse_next(p));
}

static void
read_source(struct parse *p, struct search_source ***tail)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!parse_try_word(p, words[i].name))
			continue;
		if (words[i].named)
			read_names(p, tail, words[i].kind);
		else
			(void)add_source(p, tail, words[i].kind);
		return;
	}
	parse_fail(p, "expected which mailboxes");
}

struct search_source *
sources_parse(struct parse *p)
{
	struct search_source *list = NULL, **tail = &list;

	if (!parse_try_word(p, "IN"))
		return NULL;
	parse_space(p);
	parse_open(p);
	do
		read_source(p, &tail);
	while (parse_ok(p) && parse_next(p));
	parse_space(p);
	return list;
}

bool
sources_selected(const struct search_source *list)
{
	for (; list != NULL; list = list->next)
		if (list->kind == SOURCE_SELECTED)
			return true;
	return false;
}

struct resolving {
	const struct search_source *list;
	struct slice selected;
	struct arena *arena;
	struct source_names *names;
	bool subscribed; /* the names visited are those */
};

static bool
is_inbox(struct slice name)
{
	return slice_iis(name, "INBOX");
}

static bool
same_name(struct slice a, struct slice b)
{
	return slice_eq(a, b) || (is_inbox(a) && is_inbox(b));
}

/* Is NAME below TOP ("": all), directly so if DIRECTLY? */
static bool
is_below(struct slice name, struct slice top, bool directly)
{
	struct slice rest = name;

	if (top.n > 0) {
		if (name.n <= top.n || name.p[top.n] != '/' ||
		    !same_name(slice_sub(name, 0, top.n), top))
			return false;
		rest = slice_from(name, top.n + 1);
	}
	return !directly || slice_find(rest, '/') == rest.n;
}

static bool
means(
    const struct resolving *r, const struct search_source *s, struct slice name)
{
	switch (s->kind) {
	case SOURCE_SELECTED:
		return r->selected.p != NULL && same_name(name, r->selected);
	case SOURCE_INBOXES:
		return is_inbox(name);
	case SOURCE_PERSONAL:
		return true;
	case SOURCE_SUBSCRIBED:
		return r->subscribed;
	case SOURCE_SUBTREE:
	case SOURCE_SUBTREE_ONE:
		return s->name.p != NULL &&
		       (same_name(name, s->name) ||
			   is_below(name, boxname_without_delimiter(s->name),
			       s->kind == SOURCE_SUBTREE_ONE));
	case SOURCE_MAILBOXES:
		return s->name.p != NULL && same_name(name, s->name);
	}
	return false;
}

static void
add_name(struct resolving *r, struct slice name)
{
	struct source_names *names = r->names;

	if (names->n == names->cap) {
		names->cap = names->cap > 0 ? 2 * names->cap : 16;
		names->v =
		    xreallocarray(names->v, names->cap, sizeof *names->v);
	}
	names->v[names->n++] = arena_slice(r->arena, name);
}

static bool
visit(void *arg, const struct mailbox_info *info)
{
	struct resolving *r = arg;

	r->subscribed = info->subscribed;
	if (!info->exists)
		return true;
	for (const struct search_source *s = r->list; s != NULL; s = s->next)
		if (means(r, s, info->name)) {
			add_name(r, info->name);
			break;
		}
	return true;
}

int
sources_resolve(const struct search_source *list, struct session *s,
    struct slice selected, struct arena *a, struct source_names *names,
    struct err *err)
{
	struct resolving r = {
		.list = list, .selected = selected, .arena = a, .names = names
	};

	*names = (struct source_names){ .n = 0 };
	return mailbox_list(imapd_user_account(s->user), false, visit, &r, err);
}

void
sources_names_fini(struct source_names *names)
{
	xfree(&names->v);
	names->n = names->cap = 0;
}
