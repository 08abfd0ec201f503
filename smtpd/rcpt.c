/* SPDX-License-Identifier: ISC */
#include "smtpd/rcpt.h"

#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "front/session.h"
#include "queue/envelope.h"
#include "smtpd/ask.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judge.h"
#include "smtpd/metrics.h"
#include "smtpd/parse.h"
#include "smtpd/resolve.h"
#include "smtpd/transaction.h"

/* Recipients of one session that lookup is asked about at once. */
enum { ASKS_MAX = 64 };

static const char reply_ok[] = "250 2.1.5 Recipient ok";

/* ---- the reply ---- */

static void
finish(struct smtpd_session *s, const struct smtpd_ask *ask)
{
	if (ask->rcpt.address.n == 0) {
		smtpd_mistake(s, ask->reply);
		return;
	}
	smtpd_reply(s, ask->reply);
	if (ask->accepted) {
		smtpd_mail_add(ask->mail, ask);
		smtpd_session_enter(s, SMTPD_RCPT);
		smtpd_count(SMTPD_COUNT_recipients, 1);
		return;
	}
	if (!ask->limited)
		smtpd_ask_log_refused(ask);
	if (ask->reply[0] == '4') {
		smtpd_count(SMTPD_COUNT_recipients_deferred, 1);
		return;
	}
	smtpd_count(SMTPD_COUNT_recipients_refused, 1);
	if (++s->refused >= smtpd_conf->max_refused_recipients)
		smtpd_hangup(s, "4.7.0", "Too many rejected recipients");
}

/* Give the replies that are there, in order, and then take more commands. */
static void
answer(struct smtpd_mail *mail)
{
	struct smtpd_session *s = mail->session;
	struct smtpd_ask *ask;

	while ((ask = TAILQ_FIRST(&mail->asks)) != NULL && ask->reply != NULL) {
		finish(s, ask);
		smtpd_ask_free(ask);
	}
	smtpd_session_hold(s);
	stream_resume(&s->front.stream);
}

static void
settle(struct smtpd_ask *ask, bool accepted, const char *reply)
{
	smtpd_ask_settle(ask, accepted, reply);
	answer(ask->mail);
}

/* ---- what the judges say ---- */

static void
on_judged(void *arg, const struct smtpd_verdict *v)
{
	struct smtpd_ask *ask = arg;

	ask->judging = NULL;
	if (smtpd_verdict_ends(v)) {
		settle(ask, false, v->reply);
		return;
	}
	smtpd_mail_judged(ask->mail, v);
	settle(ask, true, reply_ok);
}

/* Nothing speaks against the recipient itself. */
static void
accept_rcpt(struct smtpd_ask *ask)
{
	ask->judging = smtpd_judge_ask(
	    ask->mail->session, POLICY_RCPT, ask->rcpt.address, on_judged, ask);
	if (ask->judging == NULL)
		settle(ask, true, reply_ok);
}

static void
on_resolved(struct smtpd_ask *ask, const char *refusal)
{
	if (refusal != NULL)
		settle(ask, false, refusal);
	else
		accept_rcpt(ask);
}

/* ---- the command ---- */

static void
ask_for(struct smtpd_mail *mail, struct slice address,
    const struct smtpd_rcpt_args *args)
{
	struct smtpd_ask *ask = smtpd_ask_new(mail);
	struct arena *a = &mail->arena;

	ask->rcpt.address = arena_slice(a, address);
	ask->rcpt.notify = arena_slice(a, args->notify);
	ask->rcpt.orcpt = arena_slice(a, args->orcpt);
	if (mail->env.nrcpts + mail->nasks > smtpd_conf->max_recipients) {
		settle(ask, false, "452 4.5.3 Too many recipients");
		return;
	}
	if (!front_rate(&mail->session->front, FRONT_RECIPIENTS,
		smtpd_conf->client_recipient_rate_limit)) {
		ask->limited = true;
		settle(ask, false,
		    "450 4.7.1 Recipient rate limit exceeded, try again later");
		return;
	}
	smtpd_resolve(ask, on_resolved);
}

/* A refusal that needs no question waits for its turn all the same. */
static void
mistake(struct smtpd_session *s, const char *reply)
{
	if (s->mail->nasks == 0)
		smtpd_mistake(s, reply);
	else
		settle(smtpd_ask_new(s->mail), false, reply);
}

void
smtpd_rcpt_command(struct smtpd_session *s, struct slice args)
{
	const unsigned may = (s->front.local ? SMTPD_MAY_BARE : 0U) |
			     (s->extended ? SMTPD_MAY_EXTEND : 0U) |
			     (s->mail->env.smtputf8 ? SMTPD_MAY_UTF8 : 0U) |
			     (smtpd_conf->dsn ? SMTPD_MAY_DSN : 0U);
	struct buf to = { .max = SMTPD_ADDRESS_MAX };
	struct smtpd_rcpt_args a;
	struct err err;

	if (smtpd_parse_rcpt(args, may, &a, &to, &err) == -1) {
		mistake(s, err.text);
	} else {
		smtpd_qualify(&to, shared_domain(&smtpd_conf->shared));
		ask_for(s->mail, buf_slice(&to), &a);
	}
	buf_fini(&to);
}

bool
smtpd_rcpt_must_wait(struct smtpd_session *s, struct slice line)
{
	const struct smtpd_mail *mail = s->mail;

	if (mail == NULL || mail->nasks == 0)
		return false;
	if (mail->nasks < ASKS_MAX && slice_istarts(line, SLICE("RCPT ")))
		return false;
	stream_pause(&s->front.stream);
	return true;
}
