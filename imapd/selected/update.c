/* SPDX-License-Identifier: ISC */
#include "imapd/selected/update.h"

#include "base/buf.h"
#include "imapd/acl/may.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/enabled.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/notify/state.h"
#include "imapd/parse/flags.h"
#include "imapd/parse/seqset_write.h"
#include "imapd/relay/guest.h"
#include "imapd/search/context.h"
#include "imapd/selected/modseq.h"
#include "log/log.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/rights.h"
#include "proto/seqset.h"
#include "store/mailbox.h"
#include "store/view.h"
#include "store/view_event.h"

static const unsigned imap_flags = MSG_FLAGS & ~(unsigned)MSG_PASSED;

void
imapd_put_flags(struct session *s)
{
	const struct keyword_table *t = mailbox_keywords(view_mailbox(s->view));
	struct may_flags may = may_selected_flags(s);
	struct buf *out = imapd_out(s);
	struct keyword_set all;

	if (s->readonly)
		may = may_flags(0);
	s->keywords = t->modseq;
	keywords_all(t, &all);
	buf_adds(out, "* FLAGS (");
	flags_put(out, imap_flags, false, &all, t);
	buf_adds(out, ")\r\n* OK [PERMANENTFLAGS (");
	if (!may.keywords)
		all = (struct keyword_set){ { 0 } };
	flags_put(out, imap_flags & may.flags, false, &all, t);
	if (may.keywords && t->used < KEYWORDS_MAX)
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

void
imapd_put_changed(struct session *s, uint32_t seq,
    const struct message_info *info, bool uid, bool flags)
{
	struct buf *out = imapd_out(s);

	if (flags)
		imapd_tell_keywords(s);
	imapd_begin_fetch(s, seq, info->uid);
	if ((uid || notify_wants_uid(s) ||
		(s->enabled & ENABLED_QRESYNC) != 0) &&
	    (s->enabled & ENABLED_UIDONLY) == 0) {
		buf_adds(out, "UID ");
		buf_addu(out, info->uid);
		buf_addc(out, ' ');
	}
	if (flags)
		imapd_put_message_flags(s, info);
	if (flags && imapd_tells_modseq(s))
		buf_addc(out, ' ');
	if (!flags || imapd_tells_modseq(s))
		imapd_put_modseq(s, info);
	buf_adds(out, ")\r\n");
}

struct update_call {
	struct session *session;
	bool gone;
	struct seqset_writer writer; /* of VANISHED, which is open */
	bool vanished;
};

static void
begin_vanished(struct update_call *u)
{
	if (!u->vanished)
		buf_adds(imapd_out(u->session), "* VANISHED ");
	u->vanished = true;
}

static void
end_vanished(struct update_call *u)
{
	if (!u->vanished)
		return;
	seqset_finish(&u->writer, imapd_out(u->session));
	buf_adds(imapd_out(u->session), "\r\n");
	u->writer = (struct seqset_writer){ 0 };
	u->vanished = false;
}

static void
on_expunge(struct update_call *u, const struct view_event *e)
{
	if (!imapd_tells_vanished(u->session)) {
		imapd_untagged(u->session, "%u EXPUNGE", e->seq);
		return;
	}
	begin_vanished(u);
	seqset_put(&u->writer, e->uid, imapd_out(u->session));
}

static void
on_event(void *arg, const struct view_event *e)
{
	struct update_call *u = arg;
	struct session *s = u->session;

	/* A context writes lines of its own. */
	if (e->kind != VIEW_EXPUNGE || s->search != NULL)
		end_vanished(u);
	context_event(s, e);
	switch (e->kind) {
	case VIEW_EXPUNGE:
		on_expunge(u, e);
		break;
	case VIEW_EXISTS:
		imapd_untagged(s, "%u EXISTS", e->seq);
		if ((s->enabled & ENABLED_REV2) == 0)
			imapd_untagged(s, "%u RECENT", view_recents(s->view));
		break;
	case VIEW_FLAGS:
		if (!notify_lets_flags(s))
			break;
		imapd_put_changed(s, e->seq, &e->info,
		    s->command != NULL && imapd_command_is_uid(s->command),
		    true);
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

	/* Who may read it no more is told no more. */
	if (guest_of(s) != NULL &&
	    may(s, view_mailbox(s->view), RIGHT_READ, &err) == -1)
		return UPDATE_GONE;
	if (!view_untold(s->view) &&
	    look(view_mailbox(s->view), &more, &err) == 0 && more)
		return UPDATE_MORE;
	if (err.class == ERR_NONE)
		(void)view_sync(s->view, expunges, on_event, &u, &more, &err);
	end_vanished(&u);
	if (err.class == ERR_NONE) {
		if (u.gone)
			return UPDATE_GONE;
		more |= context_work(s);
		return more ? UPDATE_MORE : UPDATED;
	}
	if (err.class == ERR_PERM)
		return UPDATE_GONE;
	log_err("imapd.command-failed", kv_s("sid", s->sid),
	    kv_s("account", imapd_user_name(s->user)), kv_s("what", "sync"),
	    kv_s("why", err.text));
	return UPDATED;
}
