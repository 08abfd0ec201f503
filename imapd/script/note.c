/* SPDX-License-Identifier: ISC */
#include "imapd/script/note.h"

#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/parse/flags.h"
#include "imapd/relay/guest.h"
#include "imapd/script/event.h"
#include "imapd/script/events.h"
#include "maildir/keywords.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"

enum {
	FLAGS_MAX = 4 << 20, /* of a batch */
	CHANGED_MAX = 8192,  /* of a message */
};

static struct event *
plan(const struct session *s, enum imap_cause cause, struct mailbox *to,
    struct mailbox *from)
{
	const struct guest *g = guest_of(s);

	if (!event_possible(cause))
		return NULL;
	return event_plan(cause, imapd_user_account(s->user), to, from,
	    g != NULL ? g->name : slice_str(imapd_user_name(s->user)));
}

struct event *
note_copy(const struct session *s, struct mailbox *from, struct mailbox *to)
{
	return plan(s, IMAP_COPY, to, from);
}

struct event *
note_append(const struct session *s, struct mailbox *to)
{
	return plan(s, IMAP_APPEND, to, NULL);
}

struct event *
note_flags(const struct session *s)
{
	return plan(s, IMAP_FLAG, view_mailbox(s->view), NULL);
}

void
note_free(struct event **plan)
{
	event_free(plan);
}

void
note_done(const struct session *s, const struct event *plan,
    const uint32_t *uids, size_t n)
{
	events_add(imapd_user_events(s->user), plan, uids, n, SLICE(""));
}

/* ---- flags ---- */

static void
put_flags(struct mailbox *m, uint32_t uid, struct buf *out)
{
	struct message_info info;

	if (message_find(m, uid, &info, NULL) == FOUND)
		flags_put(out, info.flags, false, &info.keywords,
		    mailbox_keywords(m));
}

void
note_flags_before(struct note_flags *f, const struct session *s,
    const uint32_t *uids, size_t n)
{
	buf_reset(&f->before);
	f->before.max = FLAGS_MAX;
	for (size_t i = 0; i < n && f->plan != NULL; i++) {
		put_flags(view_mailbox(s->view), uids[i], &f->before);
		buf_addc(&f->before, '\n');
	}
}

static bool
has(struct slice names, struct slice want)
{
	struct slice name;

	while (keywords_next(&names, &name))
		if (slice_ieq(name, want))
			return true;
	return false;
}

static void
put_missing(struct buf *out, struct slice names, struct slice others)
{
	struct slice name;

	while (keywords_next(&names, &name))
		if (!has(others, name))
			buf_addf(out, "%s%.*s", out->n > 0 ? " " : "",
			    SLICE_FMT(name));
}

/* Messages of which the same has changed are one event. */
void
note_flags_after(struct note_flags *f, const struct session *s,
    const uint32_t *uids, size_t n)
{
	struct events *e = imapd_user_events(s->user);
	struct slice rest = buf_slice(&f->before);
	struct buf after = { .max = FLAGS_MAX };
	struct buf changed = { .max = CHANGED_MAX }, one = changed;
	size_t from = 0;

	for (size_t i = 0; i < n && f->plan != NULL; i++) {
		const struct slice before = slice_cut(rest, '\n', &rest);

		buf_reset(&after);
		buf_reset(&one);
		put_flags(view_mailbox(s->view), uids[i], &after);
		put_missing(&one, buf_slice(&after), before);
		put_missing(&one, before, buf_slice(&after));
		if (i == 0 || slice_eq(buf_slice(&one), buf_slice(&changed))) {
			buf_reset(&changed);
			buf_add(&changed, buf_slice(&one));
			continue;
		}
		if (changed.n > 0)
			events_add(e, f->plan, uids + from, i - from,
			    buf_slice(&changed));
		from = i;
		buf_reset(&changed);
		buf_add(&changed, buf_slice(&one));
	}
	if (changed.n > 0)
		events_add(
		    e, f->plan, uids + from, n - from, buf_slice(&changed));
	buf_fini(&after);
	buf_fini(&one);
	buf_fini(&changed);
}
