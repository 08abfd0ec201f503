/* SPDX-License-Identifier: ISC */
#include "smtpd/review.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "ipc/milter.h"
#include "ipc/msg.h"
#include "smtpd/changes.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judged.h"
#include "smtpd/judge/milter.h"
#include "smtpd/judge/verdict.h"
#include "smtpd/remake.h"
#include "smtpd/transaction.h"
#include "sys/fd.h"

struct smtpd_review {
	struct smtpd_session *session;
	const struct smtpd_outcomes *outcomes;
	struct ipc_call call;
	struct smtpd_view old; /* the message as it came */
	int64_t head;          /* bytes of our Received field: not shown */
	int new;               /* what filters made; -1: nothing */
	struct envelope env;   /* as they have changed it */
	struct smtpd_remake *remake;
};

void
smtpd_review_free(struct smtpd_review **p)
{
	struct smtpd_review *r = *p;

	*p = NULL;
	if (r == NULL)
		return;
	ipc_cancel(&r->call);
	smtpd_remake_free(&r->remake);
	fd_close(&r->old.file);
	fd_close(&r->new);
	free(r);
}

/* ---- the end ---- */

/* REPLY is the end of the message, which is not kept. */
static void
end_with(struct smtpd_review *r, const char *reply)
{
	struct smtpd_session *s = r->session;

	r->outcomes->refuse(s, arena_str(&s->mail->arena, slice_str(reply)));
}

static void
commit(struct smtpd_review *r)
{
	struct smtpd_session *s = r->session;
	const struct smtpd_outcomes *outcomes = r->outcomes;

	smtpd_review_free(&s->mail->review);
	outcomes->commit(s);
}

/* ---- the filters' answer ---- */

static void
on_remade(void *arg, const char *refusal)
{
	struct smtpd_review *r = arg;

	if (refusal != NULL)
		end_with(r, refusal);
	else
		commit(r);
}

static void
make_anew(struct smtpd_review *r, struct msg_milter_done *in)
{
	struct smtpd_remade from = {
		.old = r->old.file,
		.offset = r->old.offset + r->head,
		.size = r->old.size - r->head,
		.body_at = in->body_at,
		.header = in->header,
		.body = in->body,
		.header_bytes = in->header_bytes,
		.front = in->front,
	};

	from.new = r->new = in->file;
	in->file = -1;
	if (in->hold)
		r->env.hold = arena_slice(&r->session->mail->arena,
		    in->reason.n > 0 ? in->reason : SLICE("a filter"));
	smtpd_remake(&r->remake, r->session, &from, &r->env, on_remade, r);
}

static void
on_continue(struct smtpd_review *r, struct msg_milter_done *in)
{
	struct smtpd_mail *mail = r->session->mail;

	if (!in->header && !in->body && !in->hold && in->front.n == 0 &&
	    in->envelope.n == 0) {
		commit(r);
		return;
	}
	r->env = mail->env;
	if (!smtpd_changes_apply(&r->env, in->envelope, &mail->arena))
		end_with(r, "451 4.7.1 Filter named an invalid address");
	else if (r->env.nrcpts == 0)
		r->outcomes->discard(r->session);
	else
		make_anew(r, in);
}

static void
on_done(struct ipc_call *call, struct msg *m)
{
	struct smtpd_review *r = OUTER(call, struct smtpd_review, call);
	struct smtpd_session *s = r->session;
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };
	struct msg_milter_done *in = m != NULL ? &m->milter_done : NULL;
	bool hangup = false;

	if (in == NULL || in->verdict >= MILTER_LOST)
		smtpd_milter_unavailable(s, &v);
	else if (in->verdict == MILTER_REFUSE || in->verdict == MILTER_HANGUP)
		smtpd_milter_refusal(in->text, &v);
	else if (in->verdict == MILTER_CONTINUE) {
		on_continue(r, in);
		return;
	} else {
		r->outcomes->discard(s);
		return;
	}
	hangup = in != NULL && in->verdict == MILTER_HANGUP;
	if (smtpd_verdict_ends(&v))
		end_with(r, v.reply);
	else
		commit(r);
	if (hangup)
		smtpd_milter_hang_up(s);
}

/* ---- its beginning ---- */

static void
on_view(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_review *r = arg;

	if (result != SMTPD_SPOOL_OK)
		r->outcomes->failed(r->session, result);
	else
		smtpd_milter_show(r->session, r->old.file,
		    r->old.offset + r->head, r->old.size - r->head, &r->call,
		    on_done);
}

bool
smtpd_review(struct smtpd_session *s, int64_t head,
    const struct smtpd_outcomes *outcomes)
{
	struct smtpd_review *r;

	if (!smtpd_milter_sees(s) && !smtpd_milter_discards(s))
		return false;
	r = xcalloc(1, sizeof *r);
	r->session = s;
	r->outcomes = outcomes;
	r->old.file = r->new = -1;
	r->head = head;
	s->mail->review = r;
	if (smtpd_milter_discards(s))
		r->outcomes->discard(s);
	else
		smtpd_spool_view(s->mail->spool, &r->old, 0, on_view, r);
	return true;
}
