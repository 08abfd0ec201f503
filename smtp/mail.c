/* SPDX-License-Identifier: ISC */
/*
 * A transaction.  With PIPELINING, MAIL, all RCPT and DATA go out in one
 * piece and the replies are taken in order; without, each command waits for
 * the reply before it.  Either way the stage says whose reply is next.
 */
#include "smtp/mail.h"

#include "log/metric.h"
#include "proto/address.h"
#include "smtp/result.h"

enum {
	RCPTS_MAX = 1000,          /* in one transaction (RFC 5321 4.5.3.1.8) */
	RCPTS_PIPELINED = 500,     /* fits into the stream's output */
	BODY_WAITING = 128 * 1024, /* produced ahead of the socket */
};

static struct metric messages = { .name = "pabal_smtp_messages",
	.help = "Messages taken by other hosts." };

/* ---- may this message go to this host? ---- */

static void
refuse_all(struct smtp_session *s, const struct smtp_result *why)
{
	struct smtp_job *job = s->job;

	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_SENT ||
		    job->rcpts[i].state == SMTP_RCPT_ACCEPTED ||
		    job->rcpts[i].state == SMTP_RCPT_AGAIN)
			smtp_job_result(job, &job->rcpts[i], why);
}

static bool
needs_utf8(const struct smtp_job *job)
{
	if (address_needs_utf8(job->env.sender))
		return true;
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_SENT &&
		    address_needs_utf8(job->rcpts[i].in.address))
			return true;
	return false;
}

struct needs {
	bool utf8, eightbit;
};

/* What the message asks of a host.  The file is only looked into when the
 * host lacks what the envelope speaks of. */
static int
find_needs(const struct smtp_session *s, struct needs *needs, struct err *err)
{
	const struct smtp_job *job = s->job;
	int rc;

	needs->utf8 = needs_utf8(job);
	needs->eightbit = slice_iis(job->env.body, "8BITMIME");
	if (!needs->utf8 && job->env.smtputf8) {
		rc = (s->caps.set & SMTP_CAP_SMTPUTF8) != 0
			 ? 1
			 : smtp_body_is_8bit(
			       job->fd, job->offset, job->size, true, err);
		if (rc == -1)
			return -1;
		needs->utf8 = rc == 1;
	}
	if (needs->eightbit && (s->caps.set & SMTP_CAP_8BITMIME) == 0) {
		rc = smtp_body_is_8bit(
		    job->fd, job->offset, job->size, false, err);
		if (rc == -1)
			return -1;
		needs->eightbit = rc == 1;
	}
	return 0;
}

/* False, and the recipients have their result, when this host cannot take the
 * message. */
static bool
suits(struct smtp_session *s, struct needs *needs)
{
	const struct smtp_job *job = s->job;
	const struct smtp_caps *caps = &s->caps;
	struct smtp_result r = { .text = "" };
	struct err err;

	if (caps->size_max > 0 && (uint64_t)job->size > caps->size_max)
		smtp_result_set(&r, JOB_PERMFAIL, "5.3.4",
		    "%s takes %llu bytes at most, the message has %lld",
		    s->name, (unsigned long long)caps->size_max,
		    (long long)job->size);
	else if (find_needs(s, needs, &err) == -1)
		smtp_result_set(&r, JOB_TEMPFAIL, "4.3.0", "%s", err.text);
	else if (needs->utf8 && (caps->set & SMTP_CAP_SMTPUTF8) == 0)
		smtp_result_set(&r, JOB_PERMFAIL, "5.6.7",
		    "%s does not take mail with UTF-8 in addresses or header "
		    "(SMTPUTF8)",
		    s->name);
	else if (needs->eightbit && (caps->set & SMTP_CAP_8BITMIME) == 0)
		smtp_result_set(&r, JOB_PERMFAIL, "5.6.3",
		    "%s does not take 8-bit mail (8BITMIME)", s->name);
	else if (job->env.requiretls && (caps->set & SMTP_CAP_REQUIRETLS) == 0)
		smtp_result_set(&r, JOB_PERMFAIL, "5.7.30",
		    "%s does not promise REQUIRETLS", s->name);
	else
		return true;
	refuse_all(s, &r);
	return false;
}

/* ---- commands ---- */

/* Values of parameters came from strangers, if long ago: nothing that could
 * end the line, or begin another parameter, goes out. */
static void
add_param(struct smtp_session *s, const char *name, struct slice value)
{
	if (value.n == 0 || value.n > 500)
		return;
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
			return;
	stream_printf(&s->stream, " %s=%.*s", name, SLICE_FMT(value));
}

static void
send_mail(struct smtp_session *s, const struct needs *needs)
{
	const struct envelope *env = &s->job->env;
	const unsigned caps = s->caps.set;

	stream_printf(&s->stream, "MAIL FROM:<%.*s>", SLICE_FMT(env->sender));
	if ((caps & SMTP_CAP_SIZE) != 0)
		stream_printf(
		    &s->stream, " SIZE=%lld", (long long)s->job->size);
	if (needs->eightbit)
		stream_write(&s->stream, SLICE(" BODY=8BITMIME"));
	if (needs->utf8)
		stream_write(&s->stream, SLICE(" SMTPUTF8"));
	if (env->requiretls)
		stream_write(&s->stream, SLICE(" REQUIRETLS"));
	if ((caps & SMTP_CAP_DSN) != 0) {
		add_param(s, "RET", env->ret);
		add_param(s, "ENVID", env->envid);
	}
	stream_write(&s->stream, SLICE("\r\n"));
}

static void
send_rcpt(struct smtp_session *s, const struct smtp_rcpt *r)
{
	stream_printf(&s->stream, "RCPT TO:<%.*s>", SLICE_FMT(r->in.address));
	if ((s->caps.set & SMTP_CAP_DSN) != 0) {
		add_param(s, "NOTIFY", r->in.notify);
		add_param(s, "ORCPT", r->in.orcpt);
	}
	stream_write(&s->stream, SLICE("\r\n"));
}

static void
send_data(struct smtp_session *s)
{
	stream_write(&s->stream, SLICE("DATA\r\n"));
}

/* ---- the transaction ---- */

/* The first recipient from I on that is in STATE; nrcpts when none is. */
static size_t
next_in(const struct smtp_job *job, size_t i, enum smtp_rcpt_state state)
{
	while (i < job->nrcpts && job->rcpts[i].state != state)
		i++;
	return i;
}

/* Choose who is in this transaction; the rest waits for the next one.  What a
 * transaction that was cut off has left counts as open. */
static size_t
choose(struct smtp_job *job, size_t max)
{
	const bool again = next_in(job, 0, SMTP_RCPT_AGAIN) < job->nrcpts;
	size_t n = 0;

	for (size_t i = 0; i < job->nrcpts; i++) {
		enum smtp_rcpt_state *state = &job->rcpts[i].state;

		if (*state == SMTP_RCPT_DONE ||
		    (again && *state != SMTP_RCPT_AGAIN))
			continue;
		*state = n < max ? SMTP_RCPT_SENT : SMTP_RCPT_AGAIN;
		n += *state == SMTP_RCPT_SENT;
	}
	return n;
}

/* Some are left that this host takes in another transaction? */
static bool
has_more(const struct smtp_session *s)
{
	return s->accepted > 0 &&
	       next_in(s->job, 0, SMTP_RCPT_AGAIN) < s->job->nrcpts;
}

/* Those who would be tried again, but not in this session. */
static void
leave_rest_open(struct smtp_job *job)
{
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_AGAIN)
			job->rcpts[i].state = SMTP_RCPT_OPEN;
}

static void
end_transaction(struct smtp_session *s, bool reset)
{
	s->needs_rset = reset;
	if (has_more(s) && s->reply.code != 421) {
		smtp_mail_begin(s);
		return;
	}
	leave_rest_open(s->job);
	smtp_session_done(s, true);
}

static void
send_all(struct smtp_session *s, const struct needs *needs)
{
	const struct smtp_job *job = s->job;

	send_mail(s, needs);
	if (!s->pipelined)
		return;
	for (size_t i = next_in(job, 0, SMTP_RCPT_SENT); i < job->nrcpts;
	     i = next_in(job, i + 1, SMTP_RCPT_SENT))
		send_rcpt(s, &job->rcpts[i]);
	send_data(s);
}

void
smtp_mail_begin(struct smtp_session *s)
{
	struct smtp_job *job = s->job;
	struct needs needs = { 0 };

	s->pipelined = (s->caps.set & SMTP_CAP_PIPELINING) != 0;
	s->accepted = 0;
	s->mail_ok = false;
	s->due = choose(job, s->pipelined ? RCPTS_PIPELINED : RCPTS_MAX);
	s->rcpt = next_in(job, 0, SMTP_RCPT_SENT);
	if (!suits(s, &needs)) {
		/* Nothing was said, so nothing is to be taken back. */
		end_transaction(s, s->needs_rset);
		return;
	}
	if (s->needs_rset) {
		stream_write(&s->stream, SLICE("RSET\r\n"));
		smtp_session_enter(s, SMTP_RSET);
		if (!s->pipelined)
			return;
	} else {
		smtp_session_enter(s, SMTP_MAIL);
	}
	send_all(s, &needs);
}

void
smtp_mail_rset(struct smtp_session *s)
{
	struct needs needs = { 0 };
	struct err err;

	if (s->reply.code / 100 != 2) {
		smtp_session_fail_reply(s);
		return;
	}
	s->needs_rset = false;
	smtp_session_enter(s, SMTP_MAIL);
	if (!s->pipelined) {
		/* Asked before, with the same answer. */
		(void)find_needs(s, &needs, &err);
		send_mail(s, &needs);
	}
}

/* The result of R by the reply at hand. */
static void
settle(struct smtp_session *s, struct smtp_rcpt *r)
{
	struct smtp_result result;

	smtp_result_reply(&result, &s->reply, &s->target);
	/* A host that does not know DSN will not report on it. */
	if (result.status == JOB_DELIVERED && !s->target.lmtp &&
	    (s->caps.set & SMTP_CAP_DSN) == 0)
		result.status = JOB_RELAYED;
	smtp_job_result(s->job, r, &result);
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

	s->rcpt = next_in(job, s->rcpt + 1, SMTP_RCPT_SENT);
	if (s->reply.code / 100 == 2) {
		r->state = SMTP_RCPT_ACCEPTED;
		s->accepted++;
	} else if (is_too_many(s)) {
		r->state = SMTP_RCPT_AGAIN;
	} else {
		settle(s, r);
	}
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
	if (!s->pipelined && s->accepted == 0) {
		end_transaction(s, true);
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
			smtp_job_result(s->job, &s->job->rcpts[i], &r);
}

void
smtp_mail_data(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	if (s->reply.code != 354) {
		settle_refused(s);
		end_transaction(s, true);
	} else if (s->accepted == 0) {
		/* DATA was in the pipeline, but there is nobody to send to. */
		stream_write(&s->stream, SLICE(".\r\n"));
		smtp_session_enter(s, SMTP_DOT);
	} else {
		smtp_body_init(
		    &s->body, job->fd, job->offset, job->size, job->crc32c);
		smtp_mail_more(s);
	}
}

/* The end of the message is not sent: the host must not take what it has. */
static void
break_off(struct smtp_session *s, const char *why)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_TEMPFAIL, "4.3.0", "%s", why);
	smtp_session_fail(s, &r, true, false);
}

void
smtp_mail_more(struct smtp_session *s)
{
	enum smtp_body_end end;
	struct err err;

	do
		end = smtp_body_next(&s->body, stream_out(&s->stream), &err);
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
	leave_rest_open(s->job);
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
		settle(s, &job->rcpts[next_in(job, 0, SMTP_RCPT_ACCEPTED)]);
		if (next_in(job, 0, SMTP_RCPT_ACCEPTED) < job->nrcpts) {
			smtp_session_enter(s, SMTP_DOT);
			return;
		}
	} else {
		settle_all(s, SMTP_RCPT_ACCEPTED);
	}
	end_transaction(s, false);
}
