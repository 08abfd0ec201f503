/* SPDX-License-Identifier: ISC */
#include "imapd/cmd/selectjob.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/conn/enabled.h"
#include "imapd/notify/state.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/modifiers.h"
#include "imapd/search/progress.h"
#include "imapd/selected/modseq.h"
#include "imapd/selected/resync.h"
#include "imapd/selected/update.h"
#include "maildir/filename.h"
#include "mailread/seqwalk.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"

enum {
	BATCH = 128,
	UNSEEN_LOOK = 20000, /* where no unseen message is among the first */
};

struct select {
	struct imapd_job job;
	struct mailbox *mailbox; /* NULL: it is the session's view's */
	struct view *view;       /* on its way; NULL: it is the session's */
	bool readonly;
	struct slice name; /* as the client has it */
	struct mailbox_status status;

	/* The first message without \Seen. */
	uint32_t uid; /* those below were looked at */
	size_t looked;

	struct select_params params;
	struct progress progress;
	bool told;            /* of the mailbox */
	bool resyncing;       /* QRESYNC: what happened is being found out */
	struct resync resync; /* by this */
	struct seqwalk walk;  /* what changed, to be told */
};

/* RFC 9051 6.3.2: under which name the mailbox is known, and OLDNAME where it
 * was called by another one. */
static void
tell_name(struct session *s, struct slice asked)
{
	const struct slice name = mailbox_name(view_mailbox(s->view));

	buf_addf(imapd_out(s), "* LIST () \"%c\" ", boxname_delimiter());
	boxname_put(s, name);
	if (!slice_eq(asked, name)) {
		buf_adds(imapd_out(s), " (\"OLDNAME\" (");
		boxname_put(s, asked);
		buf_adds(imapd_out(s), "))");
	}
	buf_adds(imapd_out(s), "\r\n");
}

static void
tell_mailbox(struct session *s, const struct select *j, uint32_t unseen)
{
	const struct mailbox_status *st = &j->status;

	const bool rev2 = (s->enabled & ENABLED_REV2) != 0;

	imapd_put_flags(s);
	imapd_untagged(s, "%u EXISTS", view_count(s->view));
	if (!rev2)
		imapd_untagged(s, "%u RECENT", view_recents(s->view));
	if (!rev2 && unseen > 0 && (s->enabled & ENABLED_UIDONLY) == 0)
		imapd_untagged(s, "OK [UNSEEN %u] first unseen", unseen);
	imapd_untagged(s, "OK [UIDVALIDITY %u] UIDs valid", st->uidvalidity);
	imapd_untagged(s, "OK [UIDNEXT %u] predicted next UID", st->uidnext);
	imapd_untagged(s, "OK [HIGHESTMODSEQ %llu] mod-sequences",
	    (unsigned long long)imapd_highest(s));
	imapd_untagged(s, "OK [MAILBOXID (%s)] object id", st->id);
	if (rev2)
		tell_name(s, j->name);
}

static void
answer(struct session *s)
{
	imapd_ok(s, "[%s] %s completed",
	    s->readonly ? "READ-ONLY" : "READ-WRITE", s->command->name);
}

/* What the client has missed is told behind that (RFC 7162 3.2.5). */
static void
begin_resync(struct session *s, struct select *j)
{
	const struct select_params *m = &j->params;

	j->told = true;
	if (!m->qresync || m->uidvalidity != j->status.uidvalidity)
		return;
	(void)seqwalk_init(&j->walk, s->view,
	    m->has_known ? seqset_copy(&m->known, &s->arena)
			 : seqset_all(&s->arena),
	    true);
	resync_init(&j->resync, &j->walk, m->modseq);
	resync_want_vanished(
	    &j->resync, s->view, m->has_known ? &m->known : NULL, &s->arena);
	if (m->has_match)
		resync_match(&j->resync, s->view, &m->seqs, &m->uids);
	j->resyncing = true;
}

/* A step; false: the command was answered. */
static bool
resync_on(struct session *s, struct select *j)
{
	const struct message_info *info;
	struct err err = { 0 };
	uint32_t seq;

	if (j->resyncing) {
		if (resync_step(&j->resync, &j->walk, &s->arena, imapd_out(s),
			&j->resyncing, &err) == 0)
			return true;
		imapd_deselect(s);
		imapd_no(s, "select", &err);
		return false;
	}
	switch (j->walk.view == NULL
		    ? ABSENT
		    : seqwalk_next(&j->walk, &seq, &info, &err)) {
	case FOUND:
		imapd_put_changed(s, seq, info, true, true);
		return true;
	case ABSENT:
		answer(s);
		return false;
	case TEMPFAIL:
		imapd_deselect(s);
		imapd_no(s, "select", &err);
		return false;
	}
	return false;
}

/* Look at some; true: *UNSEEN is the first without \Seen, 0: none, or not worth
 * looking for (RFC 9051 does without). */
static bool
find_unseen(struct session *s, struct select *j, uint32_t *unseen)
{
	struct message_info info[BATCH];
	struct err err;
	size_t n;

	*unseen = 0;
	if ((s->enabled & ENABLED_REV2) != 0 || j->status.unseen == 0 ||
	    j->looked >= UNSEEN_LOOK ||
	    message_read(
		view_mailbox(s->view), j->uid, info, BATCH, &n, &err) == -1 ||
	    n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if ((info[i].flags & MSG_SEEN) == 0) {
			*unseen = view_seq(s->view, info[i].uid);
			return true;
		}
	j->looked += n;
	j->uid = info[n - 1].uid + 1;
	return j->uid == 0;
}

/* The picture is whole: the mailbox is selected. */
static int
enter(struct session *s, struct select *j, struct err *err)
{
	s->view = j->view;
	s->readonly = j->readonly;
	j->view = NULL;
	j->mailbox = NULL;
	if (mailbox_status(view_mailbox(s->view), &j->status, err) == -1) {
		imapd_deselect(s);
		return -1;
	}
	s->state = S_SELECTED;
	notify_selected(s);
	return 0;
}

/* Clients forget what they know of messages that are not there: none is shown
 * a mailbox of which a part is still to be taken in. */
static void
on_more(struct session *s, struct imapd_job *job)
{
	struct select *j = OUTER(job, struct select, job);
	struct err err = { 0 };
	uint32_t unseen;
	bool more;

	while (!imapd_is_full(s) && !work_spent()) {
		if (j->told) {
			if (!resync_on(s, j))
				return;
			continue;
		}
		if (j->view == NULL) {
			if (!find_unseen(s, j, &unseen))
				continue;
			tell_mailbox(s, j, unseen);
			begin_resync(s, j);
			continue;
		}
		if (view_fill(j->view, &more, &err) == -1 ||
		    (!more && enter(s, j, &err) == -1)) {
			imapd_no(s, "select", &err);
			return;
		}
	}
	if (!j->told)
		progress_wait(&j->progress, s, "New files are being taken in");
	imapd_more(s);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct select *j = OUTER(job, struct select, job);

	(void)s;
	resync_fini(&j->resync);
	view_close(&j->view);
	mailbox_close(&j->mailbox);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

void
selectjob_start(struct session *s, struct mailbox *m, struct slice name,
    const struct select_params *params, bool readonly)
{
	struct select *j = xcalloc(1, sizeof *j);

	j->job.ops = &ops;
	j->mailbox = m;
	j->readonly = readonly;
	j->name = name;
	j->uid = 1;
	j->params = *params;
	j->view = view_new(m, readonly ? VIEW_READONLY : 0);
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}
