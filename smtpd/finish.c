/* SPDX-License-Identifier: ISC */
#include "smtpd/finish.h"

#include "base/buf.h"
#include "mime/wire.h"
#include "queue/envelope.h"
#include "smtpd/conclude.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judge.h"
#include "smtpd/judge/judged.h"
#include "smtpd/judge/session.h"
#include "smtpd/message.h"
#include "smtpd/protocol.h"
#include "smtpd/record.h"
#include "smtpd/review.h"
#include "smtpd/rewrite/rewrite.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"

void
smtpd_finish_log_refused(const struct smtpd_session *s)
{
	smtpd_conclude_log(s, s->mail->message->refusal);
}

static void
failed(struct smtpd_session *s, enum smtpd_spool_result result)
{
	static const char *const failures[] = {
		[SMTPD_SPOOL_FULL] = "452 4.3.1 Insufficient system storage",
		[SMTPD_SPOOL_FAILED] = "451 4.3.0 Queue file write error",
	};

	smtpd_conclude_refused(s, failures[result]);
}

static void
on_committed(void *arg, enum smtpd_spool_result result)
{
	if (result != SMTPD_SPOOL_OK)
		failed(arg, result);
	else
		smtpd_conclude_accepted(arg);
}

static void
commit(struct smtpd_session *s)
{
	struct smtpd_mail *mail = s->mail;
	struct buf record = { .max = MIME_WIRE_MAX };
	struct smtpd_spool_facts facts = {
		.bulk = (mail->message->scan.fields & SMTPD_SCAN_BULK) != 0,
		.junk = mail->judged->verdict.junk,
		.hold = mail->judged->verdict.hold,
		.why = slice_str(mail->judged->verdict.why),
		.front = buf_slice(&mail->judged->verdict.front),
	};

	smtpd_record_finish(&mail->parser, &record);
	facts.record = buf_slice(&record);
	smtpd_spool_commit(mail->spool, &facts, on_committed, s);
	buf_fini(&record);
}

/* What do filters say of it? */
static void
review(struct smtpd_session *s)
{
	static const struct smtpd_outcomes outcomes = {
		.commit = commit,
		.refuse = smtpd_conclude_refused,
		.discard = smtpd_conclude_discarded,
		.failed = failed,
	};

	if (s->mail->judged->verdict.action == POLICY_DISCARD)
		smtpd_conclude_discarded(s);
	else if (!smtpd_review(s, s->mail->message->head, &outcomes))
		commit(s);
}

static void
on_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	struct smtpd_mail *mail = s->mail;

	smtpd_judged_close(mail->judged);
	smtpd_verdict_merge(&mail->judged->verdict, v);
	if (smtpd_verdict_ends(v))
		smtpd_conclude_refused(s, v->reply);
	else
		review(s);
}

static void
on_view(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_session *s = arg;

	if (result != SMTPD_SPOOL_OK)
		failed(s, result);
	else if (!smtpd_judge_session(s, POLICY_MESSAGE, on_judged))
		on_judged(s, &(const struct smtpd_verdict){ 0 });
}

static void
judge(struct smtpd_session *s)
{
	if (smtpd_judge_needs(s, POLICY_MESSAGE))
		smtpd_spool_view(s->mail->spool, &s->mail->judged->view,
		    SMTPD_VIEW_BODY, on_view, s);
	else
		review(s);
}

static void
refuse(struct smtpd_session *s)
{
	smtpd_conclude_refused(s, s->mail->message->refusal);
}

static void
on_rewritten(struct smtpd_session *s, const char *refusal)
{
	if (refusal == NULL) {
		judge(s);
		return;
	}
	smtpd_message_refuse(s->mail->message, refusal);
	refuse(s);
}

/* What judges, filters and signatures are for is the message that goes out. */
void
smtpd_finish(struct smtpd_session *s)
{
	if (s->mail->message->refusal != NULL) {
		refuse(s);
		return;
	}
	smtpd_session_mode(s, SMTPD_WAIT);
	if (!smtpd_rewrite(s, on_rewritten))
		judge(s);
}
