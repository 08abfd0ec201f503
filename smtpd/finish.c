/* SPDX-License-Identifier: ISC */
#include "smtpd/finish.h"

#include <stdio.h>

#include "base/buf.h"
#include "ev/loop.h"
#include "front/session.h"
#include "log/log.h"
#include "mime/wire.h"
#include "queue/envelope.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judge.h"
#include "smtpd/judge/judged.h"
#include "smtpd/judge/session.h"
#include "smtpd/message.h"
#include "smtpd/metrics.h"
#include "smtpd/owner.h"
#include "smtpd/protocol.h"
#include "smtpd/record.h"
#include "smtpd/review.h"
#include "smtpd/scan.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"

enum { REPLY_MAX = 64 };

/* The reply to the whole message: one, or for LMTP one a recipient (RFC 2033
 * 4.2).  The transaction is over. */
static void
conclude(struct smtpd_session *s, const char *reply)
{
	const struct envelope *env = &s->mail->env;
	struct slice text;
	const struct slice code = slice_cut(slice_str(reply), ' ', &text);
	const struct slice enhanced = slice_cut(text, ' ', &text);

	if (s->protocol->speaks != SMTPD_SPEAKS_LMTP)
		smtpd_reply(s, reply);
	else
		for (size_t i = 0; i < env->nrcpts; i++)
			smtpd_replyf(s, "%.*s %.*s <%.*s> %.*s",
			    SLICE_FMT(code), SLICE_FMT(enhanced),
			    SLICE_FMT(env->rcpts[i].address), SLICE_FMT(text));
	smtpd_session_enter(s, SMTPD_GREETED);
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
log_refusal(const struct smtpd_session *s, const char *why)
{
	const struct smtpd_mail *mail = s->mail;

	log_info("mail.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_slice("from", mail->env.sender),
	    kv_i("size", mail->message->scan.size), kv_s("why", why));
	smtpd_count(why[0] == '4' ? SMTPD_COUNT_messages_deferred
				  : SMTPD_COUNT_messages_refused,
	    1);
}

void
smtpd_finish_log_refused(const struct smtpd_session *s)
{
	log_refusal(s, s->mail->message->refusal);
}

static void
on_committed(void *arg, enum smtpd_spool_result result)
{
	static const char *const failures[] = {
		[SMTPD_SPOOL_FULL] = "452 4.3.1 Insufficient system storage",
		[SMTPD_SPOOL_FAILED] = "451 4.3.0 Queue file write error",
	};
	struct smtpd_session *s = arg;
	const struct smtpd_mail *mail = s->mail;
	const struct smtpd_spool *spool = mail->spool;
	const char *qid = smtpd_spool_qid(spool);
	char reply[REPLY_MAX];

	if (result != SMTPD_SPOOL_OK) {
		log_refusal(s, failures[result]);
		conclude(s, failures[result]);
		return;
	}
	log_info("mail.accepted", kv_s("sid", s->front.sid), kv_s("qid", qid),
	    kv_s("client", s->front.ip),
	    kv_s("account", s->login != NULL ? s->login : ""),
	    kv_slice("from", mail->env.sender),
	    kv_i("size", smtpd_spool_size(spool)),
	    kv_u("nrcpt", mail->env.nrcpts),
	    kv_slice("protocol", mail->env.protocol),
	    kv_i("ms", ev_now_ms() - mail->began_ms),
	    kv_slice("message_id", smtpd_msgid_text(&mail->message->scan.id)));
	smtpd_count(SMTPD_COUNT_messages, 1);
	smtpd_count(SMTPD_COUNT_message_bytes, smtpd_spool_size(spool));
	s->front.served++;
	s->errors = s->junk = 0;
	snprintf(reply, sizeof reply, "250 2.0.0 Ok: queued as %s", qid);
	conclude(s, reply);
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
		.front = buf_slice(&mail->judged->verdict.front),
	};

	smtpd_record_finish(&mail->parser, &record);
	facts.record = buf_slice(&record);
	smtpd_spool_commit(mail->spool, &facts, on_committed, s);
	buf_fini(&record);
}

/* To the client it is as any other. */
static void
discard(struct smtpd_session *s)
{
	const struct smtpd_mail *mail = s->mail;
	char reply[REPLY_MAX];

	log_info("mail.discarded", kv_s("sid", s->front.sid),
	    kv_s("qid", smtpd_spool_qid(mail->spool)),
	    kv_s("client", s->front.ip), kv_slice("from", mail->env.sender),
	    kv_i("size", smtpd_spool_size(mail->spool)),
	    kv_u("nrcpt", mail->env.nrcpts));
	smtpd_count(SMTPD_COUNT_messages_discarded, 1);
	s->front.served++;
	snprintf(reply, sizeof reply, "250 2.0.0 Ok: queued as %s",
	    smtpd_spool_qid(mail->spool));
	conclude(s, reply);
}

static void
refuse_with(struct smtpd_session *s, const char *reply)
{
	log_refusal(s, reply);
	conclude(s, reply);
}

/* What do filters say of it? */
static void
review(struct smtpd_session *s)
{
	static const struct smtpd_outcomes outcomes = {
		.commit = commit,
		.refuse = refuse_with,
		.discard = discard,
	};

	if (s->mail->judged->verdict.action == POLICY_DISCARD)
		discard(s);
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
		refuse_with(s, v->reply);
	else
		review(s);
}

static void
on_view(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_session *s = arg;

	if (result != SMTPD_SPOOL_OK)
		on_committed(arg, result);
	else if (!smtpd_judge_session(s, POLICY_MESSAGE, on_judged))
		on_judged(s, &(const struct smtpd_verdict){ 0 });
}

static void
judge(struct smtpd_session *s)
{
	if (smtpd_judge_needs(s, POLICY_MESSAGE))
		smtpd_spool_view(
		    s->mail->spool, &s->mail->judged->view, on_view, s);
	else
		review(s);
}

static void
refuse(struct smtpd_session *s)
{
	smtpd_finish_log_refused(s);
	conclude(s, s->mail->message->refusal);
}

static void
on_owner(void *arg, const char *refusal)
{
	struct smtpd_session *s = arg;

	if (refusal == NULL) {
		judge(s);
		return;
	}
	smtpd_message_refuse(s->mail->message, refusal);
	refuse(s);
}

void
smtpd_finish(struct smtpd_session *s)
{
	struct smtpd_mail *mail = s->mail;

	if (mail->message->refusal != NULL) {
		refuse(s);
		return;
	}
	smtpd_session_mode(s, SMTPD_WAIT);
	if (mail->owner != NULL)
		smtpd_owner_ask(mail->owner, mail->env.sender,
		    smtpd_spool_qid(mail->spool), on_owner, s);
	else
		judge(s);
}
