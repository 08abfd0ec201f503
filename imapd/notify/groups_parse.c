/* SPDX-License-Identifier: ISC */
#include "imapd/notify/groups.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "maildir/name.h"

/* clang-format off */
static const struct {
	const char *name;
	unsigned event;
} events[] = {
	{ "MessageNew",            EVENT_NEW },
	{ "MessageExpunge",        EVENT_EXPUNGE },
	{ "FlagChange",            EVENT_FLAGS },
	{ "MailboxName",           EVENT_NAME },
	{ "SubscriptionChange",    EVENT_SUBSCRIPTION },
	{ "MailboxMetadataChange", EVENT_METADATA },
	{ "ServerMetadataChange",  EVENT_SERVER_METADATA },
};
static const struct {
	const char *name;
	enum notify_filter filter;
	bool names;
} filters[] = {
	{ "inboxes",    FILTER_PERSONAL,   false },
	{ "personal",   FILTER_PERSONAL,   false },
	{ "subscribed", FILTER_SUBSCRIBED, false },
	{ "subtree",    FILTER_SUBTREE,    true },
	{ "mailboxes",  FILTER_MAILBOXES,  true },
};
/* clang-format on */

static void
add_name(struct parse *p, struct notify_group *g)
{
	const struct slice name = boxname_parse(p);
	struct slice *grown;
	struct buf normal;

	if (!parse_ok(p))
		return;
	buf_init(&normal, NAME_LIMIT);
	/* What can be no mailbox's name is nobody's. */
	if (name.p != NULL && name_normal(&normal, name)) {
		/* In powers of two, so that few are left in the arena. */
		if ((g->n & (g->n - 1)) == 0) {
			grown = arena_alloc(p->arena,
			    (g->n > 0 ? 2 * g->n : 1) * sizeof *grown);
			if (g->n > 0)
				memcpy(grown, g->names, g->n * sizeof *grown);
			g->names = grown;
		}
		g->names[g->n++] = arena_slice(p->arena, buf_slice(&normal));
	}
	buf_fini(&normal);
}

/* mailbox / "(" mailbox *(SP mailbox) ")" */
static void
read_names(struct parse *p, struct notify_group *g)
{
	parse_space(p);
	if (!parse_try_open(p)) {
		add_name(p, g);
		return;
	}
	do
		add_name(p, g);
	while (parse_ok(p) && parse_next(p));
}

/* filter-mailboxes; true: it is the selected mailbox. */
static bool
read_filter(struct parse *p, struct notify_groups *all, struct notify_group *g)
{
	if (parse_try_word(p, "selected")) {
		all->at_once = true;
		return true;
	}
	if (parse_try_word(p, "selected-delayed"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (parse_try_word(p, filters[i].name)) {
			g->filter = filters[i].filter;
			if (filters[i].names)
				read_names(p, g);
			groups_order(g);
			return false;
		}
	parse_fail(p, "expected a mailbox specifier");
	return false;
}

static void
read_fetch(struct parse *p, struct notify_groups *all, bool selected)
{
	if (!slice_starts(cur_rest(&p->c), SLICE(" (")))
		return;
	parse_space(p);
	if (!selected)
		parse_fail(p, "FETCH attributes of a mailbox not selected");
	all->items = section_parse(p);
	all->fetch = true;
}

/* 0: none that there is. */
static unsigned
read_event(struct parse *p)
{
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (parse_try_word(p, events[i].name))
			return events[i].event;
	return 0;
}

/* "(" event *(SP event) ")" / "NONE" */
static bool
read_events(
    struct parse *p, struct notify_groups *all, bool selected, unsigned *mask)
{
	*mask = 0;
	if (parse_try_word(p, "NONE"))
		return false;
	parse_open(p);
	do {
		const unsigned event = read_event(p);

		if (event == 0 && parse_ok(p) &&
		    parse_is_atom_char((char)parse_peek(p)))
			return true;
		if (event == 0)
			parse_fail(p, "expected an event");
		if (event == EVENT_NEW)
			read_fetch(p, all, selected);
		*mask |= event;
	} while (parse_ok(p) && parse_next(p));
	return false;
}

static void
check_events(struct parse *p, unsigned mask, bool selected)
{
	const unsigned both = EVENT_NEW | EVENT_EXPUNGE;

	if ((mask & EVENTS_MESSAGE) != 0 && (mask & both) != both)
		parse_fail(p, "MessageNew and MessageExpunge go together");
	if (selected && (mask & ~(unsigned)EVENTS_MESSAGE) != 0)
		parse_fail(p, "no event of the selected mailbox");
}

/* "(" filter-mailboxes SP events ")" */
static bool
read_group(struct parse *p, struct notify_groups *all, bool *had_selected)
{
	struct notify_group *g = &all->v[all->n];
	bool selected;
	unsigned mask;

	*g = (struct notify_group){ .n = 0 };
	parse_open(p);
	selected = read_filter(p, all, g);
	parse_space(p);
	if (read_events(p, all, selected, &mask))
		return true;
	check_events(p, mask, selected);
	if (!parse_try_close(p))
		parse_fail(p, "expected a closing parenthesis");
	if (selected && *had_selected)
		parse_fail(p, "the selected mailbox is specified twice");
	if (selected) {
		all->selected = mask;
		*had_selected = true;
	} else {
		g->events = mask;
		all->n++;
	}
	return false;
}

bool
groups_parse(struct parse *p, struct notify_groups *g)
{
	bool had_selected = false;

	*g = (struct notify_groups){ .v = arena_alloc(p->arena,
					 NOTIFY_GROUPS_MAX * sizeof *g->v) };
	do {
		if (g->n == NOTIFY_GROUPS_MAX)
			parse_fail(p, "too many groups");
		else if (read_group(p, g, &had_selected))
			return parse_ok(p);
	} while (parse_ok(p) && parse_try_space(p));
	return false;
}
