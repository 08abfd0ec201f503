/* SPDX-License-Identifier: ISC */
#include "imapd/notify/annotations.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/notify/inner.h"
#include "imapd/notify/state.h"
#include "imapd/parse/boxtext.h"
#include "mime/imap_string.h"

static bool
wants_metadata(const struct session *s, struct slice mailbox)
{
	const struct notify *n = s->notify;
	const struct notify_box *b;

	if ((s->enabled & ENABLED_METADATA) != 0)
		return true;
	if (n == NULL)
		return false;
	if (mailbox.p == NULL)
		return groups_want(&n->groups, EVENT_SERVER_METADATA);
	b = snapshot_find(&n->seen, mailbox);
	return b != NULL && (b->events & EVENT_METADATA) != 0;
}

void
notify_metadata(struct session *by, struct slice mailbox,
    const struct slice *entries, size_t n)
{
	struct session *s;

	for (s = imapd_user_sessions(by->user); s != NULL;
	     s = LIST_NEXT(s, link)) {
		struct buf *text;

		if (s == by || !wants_metadata(s, mailbox))
			continue;
		text = &notify_state(s)->text;
		buf_adds(text, "* METADATA ");
		boxtext_add(text, s,
		    mailbox.p != NULL ? mailbox : (struct slice){ "", 0 });
		for (size_t i = 0; i < n; i++) {
			buf_addc(text, ' ');
			imap_put_astring(text, entries[i]);
		}
		buf_adds(text, "\r\n");
		imapd_session_changed(s);
	}
}
