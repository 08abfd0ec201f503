/* SPDX-License-Identifier: ISC */
#include "imapd/notify/between.h"

#include "imapd/conn/session.h"
#include "imapd/fetch/fetchnotice.h"
#include "imapd/notify/inner.h"
#include "imapd/notify/tell.h"
#include "imapd/selected/update.h"
#include "store/view.h"

/* Without NOTIFY a mailbox is told of in IDLE only. */
static bool
may_update(const struct session *s, bool idle)
{
	const struct notify *n = s->notify;

	if (s->view == NULL)
		return false;
	return n != NULL && n->active ? n->groups.selected != 0 : idle;
}

/* The messages that came are fetched as the client asked (RFC 5465 5.2). */
static void
fetch_new(struct session *s)
{
	struct notify *n = s->notify;
	uint32_t from, last;

	if (n == NULL || s->view == NULL || view_count(s->view) == 0)
		return;
	from = n->known + 1;
	last = view_uid(s->view, view_count(s->view));
	if (last < from)
		return;
	n->known = last;
	if (n->groups.fetch)
		imapd_fetch_notice(s, &n->groups.items, from, last);
}

void
notify_between(struct session *s, bool idle)
{
	if (imapd_is_full(s)) {
		imapd_more(s);
		return;
	}
	if (may_update(s, idle)) {
		const bool expunges =
		    idle || (s->notify != NULL && s->notify->groups.at_once);

		switch (imapd_update(s, expunges)) {
		case UPDATED:
			break;
		case UPDATE_MORE:
			imapd_more(s);
			return;
		case UPDATE_GONE:
			imapd_bye(s, IMAPD_DELETED);
			return;
		}
	}
	if (notify_tell(s))
		imapd_more(s);
	else
		fetch_new(s);
}
