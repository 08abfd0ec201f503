/* SPDX-License-Identifier: ISC */
/* SELECT and EXAMINE (RFC 9051 6.3.2, 6.3.3) */
#include <stdlib.h>

#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/selected/update.h"
#include "maildir/filename.h"
#include "store/mailbox.h"
#include "store/view.h"

enum {
	BATCH = 128,
	UNSEEN_LOOK = 20000, /* where no unseen message is among the first */
};

/* The first message without \Seen; 0: none, or not worth looking for (RFC 9051
 * does without). */
static uint32_t
first_unseen(struct session *s, const struct mailbox_status *st)
{
	struct message_info info[BATCH];
	uint32_t uid = 1;
	size_t n;

	if (st->unseen == 0)
		return 0;
	for (size_t looked = 0; looked < UNSEEN_LOOK; looked += n) {
		struct err err;

		if (message_read(view_mailbox(s->view), uid, info, BATCH, &n,
			&err) == -1 ||
		    n == 0)
			return 0;
		for (size_t i = 0; i < n; i++)
			if ((info[i].flags & MSG_SEEN) == 0)
				return view_seq(s->view, info[i].uid);
		if (info[n - 1].uid == UINT32_MAX)
			return 0;
		uid = info[n - 1].uid + 1;
	}
	return 0;
}

static void
tell_mailbox(struct session *s, const struct mailbox_status *st)
{
	const uint32_t unseen = first_unseen(s, st);

	imapd_put_flags(s);
	imapd_untagged(s, "%u EXISTS", view_count(s->view));
	imapd_untagged(s, "%u RECENT", view_recents(s->view));
	if (unseen > 0)
		imapd_untagged(s, "OK [UNSEEN %u] first unseen", unseen);
	imapd_untagged(s, "OK [UIDVALIDITY %u] UIDs valid", st->uidvalidity);
	imapd_untagged(s, "OK [UIDNEXT %u] predicted next UID", st->uidnext);
}

struct select {
	struct imapd_job job;
	struct mailbox *mailbox; /* NULL: it is the view's */
	bool readonly;
};

/* All that lies there is taken in. */
static void
finish(struct session *s, struct select *j)
{
	struct mailbox_status st;
	struct err err = { 0 };

	s->view = view_open(j->mailbox, j->readonly ? VIEW_READONLY : 0, &err);
	if (s->view == NULL) {
		imapd_no(s, "select", &err);
		return;
	}
	s->readonly = j->readonly;
	j->mailbox = NULL;
	if (mailbox_status(view_mailbox(s->view), &st, &err) == -1) {
		imapd_deselect(s);
		imapd_no(s, "select", &err);
		return;
	}
	s->state = S_SELECTED;
	tell_mailbox(s, &st);
	imapd_ok(s, "[%s] %s completed",
	    s->readonly ? "READ-ONLY" : "READ-WRITE",
	    s->readonly ? "EXAMINE" : "SELECT");
}

/* Clients forget what they know of messages that are not there: none is shown
 * a mailbox of which a part is still to be taken in. */
static void
on_more(struct session *s, struct imapd_job *job)
{
	struct select *j = OUTER(job, struct select, job);
	struct err err = { 0 };
	bool more = true;

	while (more && !work_spent())
		if (mailbox_sync_some(j->mailbox, false, &more, &err) == -1) {
			imapd_no(s, "select", &err);
			return;
		}
	if (more)
		imapd_more(s);
	else
		finish(s, j);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct select *j = OUTER(job, struct select, job);

	(void)s;
	mailbox_close(&j->mailbox);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

/* The mailbox selected before is left also where the new one fails. */
static void
do_select(struct session *s, struct parse *p, bool readonly)
{
	struct select *j;
	struct mailbox *m;
	struct slice name;

	parse_space(p);
	name = boxname_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	imapd_deselect(s);
	m = boxname_open(s, name, false);
	if (m == NULL)
		return;
	j = xcalloc(1, sizeof *j);
	j->job.ops = &ops;
	j->mailbox = m;
	j->readonly = readonly;
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}

void
imapd_cmd_select(struct session *s, struct parse *p)
{
	do_select(s, p, false);
}

void
imapd_cmd_examine(struct session *s, struct parse *p)
{
	do_select(s, p, true);
}
