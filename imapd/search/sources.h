/* SPDX-License-Identifier: ISC */
/* Which mailboxes ESEARCH looks into: "IN (...)" of RFC 7377 2.2, with the
 * specifiers of RFC 5465 6. */
#ifndef IMAPD_SEARCH_SOURCES_H
#define IMAPD_SEARCH_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct session;
struct arena;
struct parse;

enum source_kind {
	SOURCE_SELECTED,
	SOURCE_INBOXES,
	SOURCE_PERSONAL,
	SOURCE_SUBSCRIBED,
	SOURCE_SUBTREE,
	SOURCE_SUBTREE_ONE,
	SOURCE_MAILBOXES,
};

struct search_source {
	struct search_source *next;
	enum source_kind kind;
	struct slice name; /* SUBTREE, SUBTREE_ONE, MAILBOXES; .p NULL: none */
};

/* ["IN" SP "(" source-mbox ")" SP]; NULL: the selected mailbox. */
struct search_source *sources_parse(struct parse *p);
/* Is one of LIST the selected mailbox? */
bool sources_selected(const struct search_source *list);

/* Names of mailboxes, each once, in the order in which they are listed. */
struct source_names {
	struct slice *v;
	size_t n, cap;
};
/* Those that LIST means; SELECTED (.p NULL: none) is the mailbox selected.
 * Names from A, the list for sources_names_fini. */
int sources_resolve(const struct search_source *list, struct session *s,
    struct slice selected, struct arena *a, struct source_names *names,
    struct err *err);
void sources_names_fini(struct source_names *names);

#endif
