/* SPDX-License-Identifier: ISC */
/* What NOTIFY SET asks for (RFC 5465 6, 8): events of mailboxes, in groups. */
#ifndef IMAPD_NOTIFY_GROUPS_H
#define IMAPD_NOTIFY_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "imapd/parse/section.h"

struct parse;

enum notify_event {
	EVENT_NEW = 1 << 0,
	EVENT_EXPUNGE = 1 << 1,
	EVENT_FLAGS = 1 << 2,
	EVENT_NAME = 1 << 3,
	EVENT_SUBSCRIPTION = 1 << 4,
	EVENT_METADATA = 1 << 5,
	EVENT_SERVER_METADATA = 1 << 6,
};
enum { EVENTS_MESSAGE = EVENT_NEW | EVENT_EXPUNGE | EVENT_FLAGS };

/* inboxes is personal: any mailbox may be delivered into (RFC 5465 6.3). */
enum notify_filter {
	FILTER_PERSONAL,
	FILTER_SUBSCRIBED,
	FILTER_SUBTREE,
	FILTER_MAILBOXES,
};

struct notify_group {
	enum notify_filter filter;
	struct slice *names; /* SUBTREE, MAILBOXES; in their one spelling, by
			      * name_cmp */
	size_t n;
	unsigned events;
};

enum { NOTIFY_GROUPS_MAX = 64 };

struct notify_groups {
	struct notify_group *v;
	size_t n;
	unsigned selected; /* events of the selected mailbox */
	bool at_once;      /* SELECTED: EXPUNGE even while nothing is asked */
	bool fetch;        /* with a new message, ITEMS */
	struct fetch_items items;
};

/* All names of events, for BADEVENT. */
#define NOTIFY_EVENTS                                                          \
	"MessageNew MessageExpunge FlagChange MailboxName "                    \
	"SubscriptionChange MailboxMetadataChange ServerMetadataChange"

/* event-group *(SP event-group); memory from P's arena, and what it borrows
 * from P's text is as long-lived as that.  True: an event is none that there is
 * (BADEVENT; P has not failed and stands in the middle). */
bool groups_parse(struct parse *p, struct notify_groups *g);
/* Put the names of G, which were just read, in order. */
void groups_order(struct notify_group *g);
/* The events that are wanted of the mailbox NAME while it is not selected: the
 * first group that has it decides. */
unsigned groups_events(
    const struct notify_groups *g, struct slice name, bool subscribed);
/* Is EVENT wanted of any mailbox? */
bool groups_want(const struct notify_groups *g, unsigned event);

#endif
