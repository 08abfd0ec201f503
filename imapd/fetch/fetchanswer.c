/* SPDX-License-Identifier: ISC */
#include "imapd/fetch/fetchanswer.h"

#include "base/buf.h"
#include "imapd/acl/may.h"
#include "imapd/conn/session.h"
#include "imapd/fetch/fetchitems.h"
#include "imapd/fetch/fetchsections.h"
#include "imapd/parse/section.h"
#include "imapd/search/context.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/update.h"
#include "maildir/filename.h"
#include "store/change.h"
#include "store/message.h"
#include "store/view.h"

static bool
wants_record(unsigned needs)
{
	return (needs & (FETCH_NEEDS_RECORD | FETCH_NEEDS_TREE)) != 0;
}

static bool
sets_seen(const struct section *s)
{
	for (; s != NULL; s = s->next)
		if (!s->peek)
			return true;
	return false;
}

void
fetchanswer_init(
    struct fetch_answer *a, struct session *s, const struct fetch_items *items)
{
	*a = (struct fetch_answer){ .items = items->items };
	a->set_seen = !s->readonly && sets_seen(items->sections) &&
		      (may_selected_flags(s).flags & MSG_SEEN) != 0;
	a->sections = fetchsections_new(items->sections);
}

static void
end(struct fetch_answer *a)
{
	if (a->open)
		mailread_close(&a->message);
	a->open = a->ready = false;
}

void
fetchanswer_fini(struct fetch_answer *a)
{
	end(a);
	fetchsections_free(&a->sections);
}

bool
fetchanswer_wants_records(const struct fetch_answer *a)
{
	return wants_record(imapd_fetch_needs(a->items)) || a->sections != NULL;
}

void
fetchanswer_begin(struct fetch_answer *a, struct session *s, uint32_t seq,
    const struct message_info *info, struct slice record)
{
	mailread_init(&a->message, view_mailbox(s->view), info);
	mailread_lend(&a->message, record);
	a->seq = seq;
	a->open = true;
	a->ready = false;
}

/* Everything the answer needs, before its first byte. */
static enum found
prepare(struct fetch_answer *a, struct err *err)
{
	const unsigned needs = imapd_fetch_needs(a->items);
	const bool sections = a->sections != NULL;
	struct mailread *m = &a->message;
	enum found found = FOUND;

	if (sections && fetchsections_only_file(a->sections))
		found = mailread_open(m, err);
	if (found == FOUND && (wants_record(needs) || sections || m->reading))
		found = mailread_record(m, err);
	if (found == FOUND && !m->reading && (needs & FETCH_NEEDS_THREAD) != 0)
		found = mailread_thread(m, err);
	if (found != FOUND || m->reading)
		return found;
	a->from_file = sections && fetchsections_want_file(a->sections, m);
	if (a->from_file)
		found = mailread_open(m, err);
	if (found == FOUND && ((needs & FETCH_NEEDS_TREE) != 0 || a->from_file))
		found = mailread_tree(m, err);
	if (found == FOUND && !m->reading && (needs & FETCH_NEEDS_PREVIEW) != 0)
		found = mailread_preview(m, err);
	return found;
}

/* A section without PEEK sets \Seen, which the answer then tells. */
static bool
mark_seen(struct session *s, struct fetch_answer *a, struct err *err)
{
	const struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	const uint32_t uid = a->message.info.uid;

	if (!a->set_seen || (a->message.info.flags & MSG_SEEN) != 0)
		return false;
	if (view_flags(s->view, &uid, 1, &seen, true, NULL, err) == -1)
		return false; /* the text is worth more than the flag */
	context_changed(s, &uid, 1);
	a->message.info.flags |= MSG_SEEN;
	if (imapd_tells_modseq(s))
		(void)message_find(
		    view_mailbox(s->view), uid, &a->message.info, NULL);
	return true;
}

static void
put_items(struct fetch_answer *a, struct session *s, struct err *err)
{
	unsigned items = a->items;

	if (mark_seen(s, a, err))
		items |= FETCH_FLAGS;
	if ((items & FETCH_FLAGS) != 0)
		imapd_tell_keywords(s);
	if ((items & FETCH_FLAGS) != 0 && imapd_tells_modseq(s))
		items |= FETCH_MODSEQ;
	imapd_begin_fetch(s, a->seq, a->message.info.uid);
	if (imapd_put_fetch_items(s, &a->message, items) && a->sections != NULL)
		buf_addc(imapd_out(s), ' ');
}

enum found
fetchanswer_ready(struct fetch_answer *a, struct session *s, struct err *err)
{
	const enum found found = prepare(a, err);

	if (found != FOUND) {
		end(a);
		return found;
	}
	if (a->message.reading)
		return FOUND;
	if (a->from_file && fetchsections_unknown(a->sections, &a->message)) {
		a->unknown = true;
		end(a);
		return FOUND;
	}
	a->ready = true;
	if (a->sections != NULL)
		fetchsections_begin(a->sections, a->from_file);
	put_items(a, s, err);
	return FOUND;
}

int
fetchanswer_step(struct fetch_answer *a, struct session *s, struct err *err)
{
	if (a->sections != NULL && !fetchsections_ended(a->sections))
		return fetchsections_step(a->sections, s, &a->message, err);
	buf_adds(imapd_out(s), ")\r\n");
	end(a);
	return 0;
}
