/* SPDX-License-Identifier: ISC */
/* EXPUNGE and UID EXPUNGE (RFC 9051 6.4.3, 6.4.9): a job that removes some in
 * each step, which others see at once; the EXPUNGE answers come with what
 * changed in the mailbox. */
#include <stdlib.h>

#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/expunge.h"
#include "imapd/cmd/limit.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "mailread/seqwalk.h"
#include "proto/seqset.h"
#include "store/change.h"
#include "store/view.h"

enum { BATCH = 200 };

struct expunge_job {
	struct imapd_job job;
	uint32_t *uids;
	size_t n;
	size_t at;
	uint32_t limited; /* not 0: the first of those that were taken */
	bool any;         /* also those without \Deleted */
	void (*done)(struct session *s, int rc, const struct err *err);
};

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct expunge_job *j = OUTER(job, struct expunge_job, job);
	struct err err = { 0 };
	int rc = 0;

	while (rc == 0 && j->at < j->n && !work_spent()) {
		const size_t n = j->n - j->at < BATCH ? j->n - j->at : BATCH;

		rc = message_expunge(
		    view_mailbox(s->view), j->uids + j->at, n, j->any, &err);
		j->at += n;
	}
	if (rc == 0 && j->at < j->n)
		imapd_more(s);
	else
		j->done(s, rc, &err);
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct expunge_job *j = OUTER(job, struct expunge_job, job);

	(void)s;
	xfree(&j->uids);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
start(struct session *s, const struct seqwalk *w, uint32_t limited, bool any,
    void (*done)(struct session *s, int rc, const struct err *err))
{
	struct expunge_job *j = xcalloc(1, sizeof *j);

	j->job.ops = &ops;
	j->uids = seqwalk_uids(w, &j->n);
	j->limited = limited;
	j->any = any;
	j->done = done;
	imapd_start(s, &j->job);
	on_more(s, &j->job);
}

void
imapd_expunge_all(struct session *s,
    void (*done)(struct session *s, int rc, const struct err *err))
{
	struct seqwalk w;

	seqwalk_all(&w, s->view, &s->arena);
	start(s, &w, 0, false, done);
}

static void
answer(struct session *s, int rc, const struct err *err)
{
	const struct expunge_job *j = OUTER(s->job, struct expunge_job, job);

	if (rc == -1) {
		imapd_no(s, "expunge", err);
		return;
	}
	imapd_tell_limited(s, j->limited);
	imapd_ok_highest(s, "EXPUNGE completed");
}

static bool
is_refused(struct session *s)
{
	if (s->readonly)
		imapd_refuse(
		    s, "[READ-ONLY] the mailbox was opened with EXAMINE");
	return s->readonly;
}

void
imapd_cmd_expunge(struct session *s, struct parse *p)
{
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (!is_refused(s))
		imapd_expunge_all(s, answer);
}

/* SP sequence-set, of UIDs; false: that was answered. */
static bool
take_uids(struct session *s, struct parse *p, struct seqwalk *w)
{
	struct seqset set;

	parse_space(p);
	set = parse_seqset(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return false;
	}
	if (is_refused(s))
		return false;
	(void)seqwalk_init(w, s->view, set, true);
	return true;
}

/* UID EXPUNGE SP sequence-set */
void
imapd_cmd_uid_expunge(struct session *s, struct parse *p)
{
	struct seqwalk w;
	uint32_t limited;

	if (!take_uids(s, p, &w))
		return;
	limited = seqwalk_limit(&w, imapd_limit());
	start(s, &w, limited, false, answer);
}

/* ---- of a move to another account (relay/transfer.c) ---- */

void
imapd_cmd_xcanmove(struct session *s, struct parse *p)
{
	if (!parse_end(p))
		imapd_bad(s, p);
	else if (!is_refused(s))
		imapd_ok(s, "XCANMOVE completed");
}

static void
answer_moved(struct session *s, int rc, const struct err *err)
{
	if (rc == -1)
		imapd_no(s, "move", err);
	else
		imapd_ok_highest(s, "MOVE completed");
}

/* UID XREMOVE SP sequence-set: they are at their new place. */
void
imapd_cmd_xremove(struct session *s, struct parse *p)
{
	struct seqwalk w;

	if (take_uids(s, p, &w))
		start(s, &w, 0, true, answer_moved);
}
