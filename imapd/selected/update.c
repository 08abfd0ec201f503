/* SPDX-License-Identifier: ISC */
#include "imapd/selected/update.h"

#include "base/buf.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/parse/flags.h"
#include "log/log.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "store/mailbox.h"
#include "store/view.h"

static const unsigned imap_flags = MSG_FLAGS & ~(unsigned)MSG_PASSED;

void
imapd_put_flags(struct session *s)
{
	const struct keyword_table *t = mailbox_keywords(view_mailbox(s->view));
	struct buf *out = imapd_out(s);
	struct keyword_set all;

	s->keywords = t->modseq;
	keywords_all(t, &all);
	buf_adds(out, "* FLAGS (");
	flags_put(out, imap_flags, false, &all, t);
	buf_adds(out, ")\r\n* OK [PERMANENTFLAGS (");
	if (!s->readonly)
		flags_put(out, imap_flags, false, &all, t);
	if (!s->readonly && t->used < KEYWORDS_MAX)
		buf_adds(out, " \\*");
	buf_adds(out, ")] flags that stay\r\n");
}

void
imapd_tell_keywords(struct session *s)
{
	if (mailbox_keywords(view_mailbox(s->view))->modseq != s->keywords)
		imapd_put_flags(s);
}

void
imapd_put_message_flags(struct session *s, const struct message_info *info)
{
	struct buf *out = imapd_out(s);

	buf_adds(out, "FLAGS (");
	flags_put(out, info->flags & imap_flags,
	    (s->enabled & ENABLED_REV2) == 0 && view_recent(s->view, info->uid),
	    &info->keywords, mailbox_keywords(view_mailbox(s->view)));
	buf_addc(out, ')');
}

static void
put_fetch(struct session *s, const struct view_event *e)
{
	struct buf *out = imapd_out(s);

	imapd_tell_keywords(s);
	buf_addf(out, "* %u FETCH (", e->seq);
	if (s->command != NULL && imapd_command_is_uid(s->command))
		buf_addf(out, "UID %u ", e->uid);
	imapd_put_message_flags(s, &e->info);
	buf_adds(out, ")\r\n");
}

struct update_call {
	struct session *session;
	bool gone;
};

static void
on_event(void *arg, const struct view_event *e)
{
	struct update_call *u = arg;
	struct session *s = u->session;

	switch (e->kind) {
	case VIEW_EXPUNGE:
		imapd_untagged(s, "%u EXPUNGE", e->seq);
		break;
	case VIEW_EXISTS:
		imapd_untagged(s, "%u EXISTS", e->seq);
		if ((s->enabled & ENABLED_REV2) == 0)
			imapd_untagged(s, "%u RECENT", view_recents(s->view));
		break;
	case VIEW_FLAGS:
		if (!e->own)
			put_fetch(s, e);
		break;
	case VIEW_KEYWORDS:
		imapd_tell_keywords(s);
		break;
	case VIEW_GONE:
		u->gone = true;
		break;
	}
}

/* What other programs did, a piece of it.  New files of a mailbox that is taken
 * over are many, and come as other changes do; else what is there is told. */
static int
look(struct mailbox *m, bool *more, struct err *err)
{
	if (mailbox_sync_some(m, false, more, err) == -1)
		return -1;
	*more = *more && !mailbox_is_building(m);
	return 0;
}

enum updated
imapd_update(struct session *s, bool expunges)
{
	struct update_call u = { .session = s };
	struct err err = { 0 };
	bool more = false;

	if (!view_untold(s->view) &&
	    look(view_mailbox(s->view), &more, &err) == 0 && more)
		return UPDATE_MORE;
	if (err.class == ERR_NONE &&
	    view_sync(s->view, expunges, on_event, &u, &more, &err) == 0) {
		if (u.gone)
			return UPDATE_GONE;
		return more ? UPDATE_MORE : UPDATED;
	}
	if (err.class == ERR_PERM)
		return UPDATE_GONE;
	log_err("imapd.command-failed", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(s->user)), kv_s("what", "sync"),
	    kv_s("why", err.text));
	return UPDATED;
}
