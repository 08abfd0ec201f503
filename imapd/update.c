/* SPDX-License-Identifier: ISC */
#include "imapd/update.h"

#include "base/buf.h"
#include "imapd/commands.h"
#include "imapd/flags.h"
#include "imapd/session.h"
#include "imapd/user.h"
#include "log/log.h"
#include "store/view.h"

static const unsigned imap_flags = MSG_FLAGS & ~(unsigned)MSG_PASSED;

void
imapd_put_flags(struct session *s)
{
	struct mailbox *m = view_mailbox(s->view);
	struct buf *out = imapd_out(s);
	const uint32_t keywords = flags_all_keywords(m);

	s->keywords = keywords;
	buf_adds(out, "* FLAGS (");
	flags_put(out, imap_flags, keywords, false, m);
	buf_adds(out, ")\r\n* OK [PERMANENTFLAGS (");
	if (!s->readonly) {
		flags_put(out, imap_flags, keywords, false, m);
		buf_adds(out, " \\*");
	}
	buf_adds(out, ")] flags that stay\r\n");
}

void
imapd_put_message_flags(struct session *s, const struct message_info *info)
{
	struct buf *out = imapd_out(s);

	buf_adds(out, "FLAGS (");
	flags_put(out, info->flags & imap_flags, info->keywords,
	    view_recent(s->view, info->uid), view_mailbox(s->view));
	buf_addc(out, ')');
}

static void
put_fetch(struct session *s, const struct view_event *e)
{
	struct buf *out = imapd_out(s);

	buf_addf(out, "* %u FETCH (", e->seq);
	if (s->command != NULL && imapd_command_is_uid(s->command))
		buf_addf(out, "UID %u ", e->uid);
	imapd_put_message_flags(s, &e->info);
	buf_adds(out, ")\r\n");
}

static void
on_event(void *arg, const struct view_event *e)
{
	struct session *s = arg;

	switch (e->kind) {
	case VIEW_EXPUNGE:
		imapd_untagged(s, "%u EXPUNGE", e->seq);
		break;
	case VIEW_EXISTS:
		imapd_untagged(s, "%u EXISTS", e->seq);
		imapd_untagged(s, "%u RECENT", view_recents(s->view));
		break;
	case VIEW_FLAGS:
		if (!e->own)
			put_fetch(s, e);
		break;
	case VIEW_KEYWORDS:
		if (flags_all_keywords(view_mailbox(s->view)) != s->keywords)
			imapd_put_flags(s);
		break;
	case VIEW_GONE:
		imapd_bye(s, "the mailbox was deleted");
		break;
	}
}

void
imapd_update(struct session *s, bool expunges)
{
	struct err err = { 0 };

	if (mailbox_sync(view_mailbox(s->view), false, &err) == 0 &&
	    view_sync(s->view, expunges, on_event, s, &err) == 0)
		return;
	if (err.class == ERR_PERM)
		imapd_bye(s, "the mailbox was deleted");
	else
		log_err("imap.trouble", kv_s("sid", s->sid),
		    kv_s("account", imapd_user_path(s->user)),
		    kv_s("what", "sync"), kv_s("why", err.text));
}
