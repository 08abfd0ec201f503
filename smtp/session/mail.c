/* SPDX-License-Identifier: ISC */
/*
 * A transaction.  With PIPELINING, MAIL, all RCPT and DATA go out in one
 * piece and the replies are taken in order; without, each command waits for
 * the reply before it.  Either way the stage says whose reply is next.
 */
#include "smtp/session/mail.h"

#include "base/mem.h"
#include "log/metric.h"
#include "smtp/rcpt.h"
#include "smtp/route/policy.h"
#include "smtp/session/body.h"
#include "smtp/session/choice.h"
#include "smtp/session/content.h"
#include "smtp/session/dialog.h"
#include "smtp/session/result.h"
#include "smtp/session/suit.h"
#include "smtp/session/text.h"
#include "smtp/session/words.h"
#include "smtp/sign/sign.h"

enum {
	BODY_WAITING = 128 * 1024, /* produced ahead of the socket */
};

static struct metric messages = { .name = "pabal_smtp_messages",
	.help = "Messages accepted by other hosts." };

/* ---- commands ---- */

static void
send_mail(struct smtp_session *s)
{
	const struct smtp_needs needs = smtp_suit_needs(s);
	const struct envelope *env = &s->job->env;
	const unsigned caps = s->caps.set;

	s->mails++;
	s->utf8 = needs.utf8;
	s->chunked = needs.binary;
	smtp_add_path(s, "MAIL FROM", env->sender);
	if ((caps & SMTP_CAP_SIZE) != 0)
		stream_printf(
		    &s->stream, " SIZE=%llu", (unsigned long long)needs.bytes);
	if (needs.binary)
		stream_write(&s->stream, SLICE(" BODY=BINARYMIME"));
	else if (needs.eightbit)
		stream_write(&s->stream, SLICE(" BODY=8BITMIME"));
	if (needs.utf8)
		stream_write(&s->stream, SLICE(" SMTPUTF8"));
	if (s->target.requiretls && (caps & SMTP_CAP_REQUIRETLS) != 0)
		stream_write(&s->stream, SLICE(" REQUIRETLS"));
	if (env->mt_priority != 0 && (caps & SMTP_CAP_MT_PRIORITY) != 0)
		stream_printf(&s->stream, " MT-PRIORITY=%d", env->mt_priority);
	if ((caps & SMTP_CAP_DSN) != 0) {
		smtp_add_param(s, "RET", env->ret);
		smtp_add_param(s, "ENVID", env->envid);
	}
	stream_write(&s->stream, SLICE("\r\n"));
}

static void
send_rcpt(struct smtp_session *s, const struct smtp_rcpt *r)
{
	smtp_add_path(s, "RCPT TO", r->in.address);
	if ((s->caps.set & SMTP_CAP_DSN) != 0) {
		smtp_add_param(s, "NOTIFY", r->in.notify);
		smtp_add_param(s, "ORCPT", r->in.orcpt);
	}
	stream_write(&s->stream, SLICE("\r\n"));
}

static void
send_data(struct smtp_session *s)
{
	stream_write(&s->stream, SLICE("DATA\r\n"));
}

/* ---- the transaction ---- */

/* The end of the message is not sent: the host must not take what it has. */
static void
break_off(struct smtp_session *s, const char *why)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_TEMPFAIL, "4.3.0", "%s", why);
	smtp_session_fail(s, &r, true, false);
}

static void
end_transaction(struct smtp_session *s, bool reset)
{
	s->needs_rset = reset;
	if (smtp_choice_has_more(s) && s->reply.code != 421) {
		if (s->mails > 0 && smtp_choice_is_used_up(s))
			smtp_session_renew(s);
		else
			smtp_mail_begin(s);
		return;
	}
	smtp_choice_leave_rest(s->job);
	s->used_up |= s->mails > 0 && smtp_choice_is_used_up(s);
	smtp_session_done(s, true);
}

static void
send_all(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	send_mail(s);
	if (!s->pipelined)
		return;
	for (size_t i = smtp_choice_next(job, 0, SMTP_RCPT_SENT);
	     i < job->nrcpts; i = smtp_choice_next(job, i + 1, SMTP_RCPT_SENT))
		send_rcpt(s, &job->rcpts[i]);
	if (!s->chunked)
		send_data(s);
}

/* The message is known as far as this host needs it. */
static void
begin_known(struct smtp_session *s)
{
	struct smtp_job *job = s->job;

	s->signing = false;
	s->pipelined = (s->caps.set & SMTP_CAP_PIPELINING) != 0;
	s->accepted = 0;
	s->mail_ok = false;
	smtp_choice_make(s);
	if (!smtp_suit(s)) {
		/* Nothing was said, so nothing is to be taken back. */
		end_transaction(s, s->needs_rset);
		return;
	}
	s->due = smtp_choice_count(job);
	s->rcpt = smtp_choice_next(job, 0, SMTP_RCPT_SENT);
	if (s->needs_rset) {
		stream_write(&s->stream, SLICE("RSET\r\n"));
		smtp_session_enter(s, SMTP_RSET);
		if (!s->pipelined)
			return;
	} else {
		smtp_session_enter(s, SMTP_MAIL);
	}
	send_all(s);
}

static void
look_further(struct smtp_session *s, bool task)
{
	if (s->stage != SMTP_CONTENT)
		smtp_session_enter(s, SMTP_CONTENT);
	if (task)
		ev_task_queue(&s->content_task);
}

/* What the host will get is known, so it can be signed. */
static void
go_on_signing(struct smtp_session *s)
{
	struct err err;

	if (!s->signing) {
		smtp_suit_plan(s);
		if (!s->planned) {
			begin_known(s);
			return;
		}
		smtp_sign_begin(s->job, s->converts);
		s->signing = true;
	}
	switch (smtp_sign_step(s->job, &err)) {
	case SMTP_SIGN_DONE:
		begin_known(s);
		return;
	case SMTP_SIGN_MORE:
		look_further(s, true);
		return;
	case SMTP_SIGN_WAIT:
		look_further(s, false);
		return;
	case SMTP_SIGN_FAILED:
		break_off(s, err.text);
	}
}

static void
go_on(struct smtp_session *s)
{
	struct err err;

	switch (smtp_content_step(s->job->content, smtp_suit_takes(s), &err)) {
	case 1:
		go_on_signing(s);
		return;
	case 0:
		look_further(s, true);
		return;
	default:
		break_off(s, err.text);
	}
}

void
smtp_mail_begin(struct smtp_session *s)
{
	s->signing = false;
	go_on(s);
}

void
smtp_mail_run(struct ev_task *task)
{
	go_on(OUTER(task, struct smtp_session, content_task));
}

void
smtp_mail_signed(struct smtp_session *s)
{
	if (s->stage == SMTP_CONTENT && s->signing)
		go_on(s);
}

void
smtp_mail_rset(struct smtp_session *s)
{
	if (s->reply.code / 100 != 2) {
		smtp_session_fail_reply(s);
		return;
	}
	s->needs_rset = false;
	smtp_session_enter(s, SMTP_MAIL);
	if (!s->pipelined)
		send_mail(s);
}

/* The result of R by the reply at hand. */
static void
settle(struct smtp_session *s, struct smtp_rcpt *r)
{
	struct smtp_result result;

	smtp_result_reply(&result, &s->reply, &s->target);
	result.tls = smtp_policy_used(s);
	/* A host that does not know DSN will not report on it. */
	if (result.status == JOB_DELIVERED && !s->target.lmtp &&
	    (s->caps.set & SMTP_CAP_DSN) == 0)
		result.status = JOB_RELAYED;
	smtp_rcpt_result(s->job, r, &result);
}

static void
settle_all(struct smtp_session *s, enum smtp_rcpt_state state)
{
	struct smtp_job *job = s->job;

	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == state)
			settle(s, &job->rcpts[i]);
}

void
smtp_mail_mail(struct smtp_session *s)
{
	s->mail_ok = s->reply.code / 100 == 2;
	if (!s->mail_ok) {
		settle_all(s, SMTP_RCPT_SENT);
		settle_all(s, SMTP_RCPT_AGAIN);
		if (!s->pipelined) {
			end_transaction(s, true);
			return;
		}
	}
	/* In a pipeline the other replies come all the same. */
	smtp_session_enter(s, SMTP_RCPT);
	if (!s->pipelined)
		send_rcpt(s, &s->job->rcpts[s->rcpt]);
}

/* 452, or 4.5.3 under another code: this transaction is full, not the
 * mailbox. */
static bool
is_too_many(const struct smtp_session *s)
{
	char dsn[SMTP_DSN_SIZE];

	smtp_reply_dsn(&s->reply, dsn);
	return s->accepted > 0 &&
	       (slice_is(slice_str(dsn), "4.5.3") ||
		   (s->reply.code == 452 && slice_is(slice_str(dsn), "4.0.0")));
}

/* The reply to the RCPT whose turn it is. */
static void
take_rcpt(struct smtp_session *s)
{
	struct smtp_job *job = s->job;
	struct smtp_rcpt *r = &job->rcpts[s->rcpt];

	s->rcpt = smtp_choice_next(job, s->rcpt + 1, SMTP_RCPT_SENT);
	if (s->reply.code / 100 == 2) {
		r->state = SMTP_RCPT_ACCEPTED;
		s->accepted++;
	} else if (is_too_many(s)) {
		r->state = SMTP_RCPT_AGAIN;
	} else {
		settle(s, r);
	}
}

static void
begin_body(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	if (s->body == NULL)
		s->body = xcalloc(1, sizeof *s->body);
	stream_write(&s->stream, job->front);
	smtp_body_init(s->body, job->text, job->crc32c,
	    s->converts ? job->content->downgrade : NULL, job->content->binary);
	smtp_mail_more(s);
}

/* The message in one piece (RFC 3030 2): how large it is, is known. */
static void
send_chunk(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	stream_printf(&s->stream, "BDAT %lld LAST\r\n",
	    (long long)job->text->size + (long long)job->front.n);
	begin_body(s);
}

void
smtp_mail_rcpt(struct smtp_session *s)
{
	s->due--;
	if (s->mail_ok)
		take_rcpt(s);
	if (s->due > 0) {
		smtp_session_enter(s, SMTP_RCPT);
		if (!s->pipelined)
			send_rcpt(s, &s->job->rcpts[s->rcpt]);
		return;
	}
	if ((!s->pipelined || s->chunked) && s->accepted == 0) {
		end_transaction(s, true);
		return;
	}
	if (s->chunked) {
		send_chunk(s);
		return;
	}
	smtp_session_enter(s, SMTP_DATA);
	if (!s->pipelined)
		send_data(s);
}

/* A 2xx where it makes no sense is no promise to deliver. */
static void
settle_refused(struct smtp_session *s)
{
	struct smtp_result r;
	char line[SMTP_TEXT_SIZE / 2];

	if (s->reply.code / 100 != 2) {
		settle_all(s, SMTP_RCPT_ACCEPTED);
		return;
	}
	smtp_reply_line(&s->reply, line, sizeof line);
	smtp_result_set(&r, JOB_TEMPFAIL, "4.5.0", "%s: unexpected reply: %s",
	    s->name, line);
	for (size_t i = 0; i < s->job->nrcpts; i++)
		if (s->job->rcpts[i].state == SMTP_RCPT_ACCEPTED)
			smtp_rcpt_result(s->job, &s->job->rcpts[i], &r);
}

void
smtp_mail_data(struct smtp_session *s)
{
	if (s->reply.code != 354) {
		settle_refused(s);
		end_transaction(s, true);
	} else if (s->accepted == 0) {
		/* DATA was in the pipeline, but there is nobody to send to. */
		stream_write(&s->stream, SLICE(".\r\n"));
		smtp_session_enter(s, SMTP_DOT);
	} else {
		begin_body(s);
	}
}

void
smtp_mail_more(struct smtp_session *s)
{
	enum smtp_body_end end;
	struct err err;

	do
		end = smtp_body_next(s->body, stream_out(&s->stream), &err);
	while (
	    end == SMTP_BODY_MORE && stream_waiting(&s->stream) < BODY_WAITING);
	switch (end) {
	case SMTP_BODY_MORE:
		smtp_session_enter(s, SMTP_BODY);
		stream_want_drain(&s->stream);
		return;
	case SMTP_BODY_DONE:
		smtp_session_enter(s, SMTP_DOT);
		return;
	case SMTP_BODY_DAMAGED:
		s->job->damaged = true;
		break_off(s, "the message is damaged (checksum)");
		return;
	case SMTP_BODY_ERROR:
		break_off(s, err.text);
		return;
	}
}

/* A reply in the middle of the message: the host has had enough. */
void
smtp_mail_early(struct smtp_session *s)
{
	settle_refused(s);
	smtp_choice_leave_rest(s->job);
	smtp_session_done(s, false);
}

void
smtp_mail_dot(struct smtp_session *s)
{
	struct smtp_job *job = s->job;

	if (s->accepted == 0) {
		end_transaction(s, true);
		return;
	}
	if (s->reply.code / 100 == 2)
		metric_add(&messages, 1);
	if (s->target.lmtp) {
		/* One reply for each recipient (RFC 2033 4.2). */
		settle(s,
		    &job->rcpts[smtp_choice_next(job, 0, SMTP_RCPT_ACCEPTED)]);
		if (smtp_choice_next(job, 0, SMTP_RCPT_ACCEPTED) <
		    job->nrcpts) {
			smtp_session_enter(s, SMTP_DOT);
			return;
		}
	} else {
		settle_all(s, SMTP_RCPT_ACCEPTED);
	}
	/* What a chunk that was refused leaves behind is not known (RFC 3030
	 * 2). */
	end_transaction(s, s->chunked && s->reply.code / 100 != 2);
}
