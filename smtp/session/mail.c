/* SPDX-License-Identifier: ISC */
/*
 * A transaction.  With PIPELINING, MAIL, all RCPT and DATA go out in one
 * piece and the replies are taken in order; without, each command waits for
 * the reply before it.  Either way the stage says whose reply is next.
 */
#include "smtp/session/mail.h"

#include "base/mem.h"
#include "log/metric.h"
#include "mime/downgrade.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtp/rcpt.h"
#include "smtp/session/body.h"
#include "smtp/session/content.h"
#include "smtp/session/dialog.h"
#include "smtp/session/result.h"

enum {
	RCPTS_MAX = 1000,          /* in one transaction (RFC 5321 4.5.3.1.8) */
	RCPTS_PIPELINED = 500,     /* fits into the stream's output */
	BODY_WAITING = 128 * 1024, /* produced ahead of the socket */
};

static struct metric messages = { .name = "pabal_smtp_messages",
	.help = "Messages accepted by other hosts." };

/* ---- may this message go to this host? ---- */

static void
refuse_all(struct smtp_session *s, const struct smtp_result *why)
{
	struct smtp_job *job = s->job;

	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_SENT ||
		    job->rcpts[i].state == SMTP_RCPT_ACCEPTED ||
		    job->rcpts[i].state == SMTP_RCPT_AGAIN)
			smtp_rcpt_result(job, &job->rcpts[i], why);
}

/* Whether ADDRESS can only be written in UTF-8: its local part is beyond
 * ASCII.  A domain is not: it has A-labels. */
static bool
only_utf8(struct slice address)
{
	struct buf out = { .max = ADDRESS_MAX };
	const bool yes = !domain_address_to_ascii(address, &out) ||
			 address_needs_utf8(buf_slice(&out));

	buf_fini(&out);
	return yes;
}

static bool
needs_utf8(const struct smtp_job *job)
{
	if (only_utf8(job->env.sender))
		return true;
	for (size_t i = 0; i < job->nrcpts; i++)
		if (job->rcpts[i].state == SMTP_RCPT_SENT &&
		    only_utf8(job->rcpts[i].in.address))
			return true;
	return false;
}

struct needs {
	bool utf8, eightbit;
	uint64_t bytes; /* as it is sent, about */
};

static bool
takes_8bit(const struct smtp_session *s)
{
	return (s->caps.set & SMTP_CAP_8BITMIME) != 0;
}

/* What the message asks of this host, converted if need be. */
static struct needs
find_needs(const struct smtp_session *s)
{
	const struct smtp_job *job = s->job;
	const struct smtp_content *c = job->content;
	struct needs needs = { .bytes = (uint64_t)job->size };

	needs.utf8 =
	    needs_utf8(job) || (job->env.smtputf8 && c->eightbit_header);
	needs.eightbit = c->eightbit && takes_8bit(s);
	if (s->converts)
		needs.bytes = downgrade_size(c->downgrade);
	return needs;
}

/* Plan the conversion that the host needs; false when what needs it may not be
 * changed.  A report is changed before it is lost. */
static bool
plan_conversion(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	s->converts = smtp_content_unfit(job->content, takes_8bit(s));
	return !s->converts || downgrade_plan(job->content->downgrade,
				   !takes_8bit(s), job->env.sender.n == 0);
}

static void
refuse_conversion(const struct smtp_session *s, struct smtp_result *r)
{
	const bool eightbit = s->job->content->eightbit && !takes_8bit(s);

	smtp_result_set(r, JOB_PERMFAIL, "5.6.3",
	    "%s does not take %s, and a part of the message that has them is "
	    "signed, encrypted or of a type that must not be changed: send it "
	    "in quoted-printable or base64",
	    s->name,
	    eightbit ? "8-bit characters (8BITMIME)"
		     : "lines of more than 998 octets (RFC 5321)");
}

/* False, and the recipients have their result, when this host cannot take the
 * message. */
static bool
suits(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;
	const struct smtp_caps *caps = &s->caps;
	struct smtp_result r = { .text = "" };
	const bool planned = plan_conversion(s);
	const struct needs needs = find_needs(s);

	if (caps->size_max > 0 && needs.bytes > caps->size_max)
		smtp_result_set(&r, JOB_PERMFAIL, "5.3.4",
		    "%s takes %llu bytes at most, the message has %llu",
		    s->name, (unsigned long long)caps->size_max,
		    (unsigned long long)needs.bytes);
	else if (needs.utf8 && (caps->set & SMTP_CAP_SMTPUTF8) == 0)
		smtp_result_set(&r, JOB_PERMFAIL, "5.6.7",
		    "%s does not take mail with UTF-8 in addresses or header "
		    "(SMTPUTF8)",
		    s->name);
	else if (!planned)
		refuse_conversion(s, &r);
	else if (job->env.requiretls && (caps->set & SMTP_CAP_REQUIRETLS) == 0)
		smtp_result_set(&r, JOB_PERMFAIL, "5.7.30",
		    "%s does not offer REQUIRETLS", s->name);
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

/* As it was written where SMTPUTF8 is asked for, else with A-labels. */
static void
add_path(struct smtp_session *s, const char *verb, struct slice address)
{
	struct buf out = { .max = ADDRESS_MAX };

	if (!s->utf8 && domain_address_to_ascii(address, &out))
		address = buf_slice(&out);
	stream_printf(&s->stream, "%s:<%.*s>", verb, SLICE_FMT(address));
	buf_fini(&out);
}

static void
send_mail(struct smtp_session *s)
{
	const struct needs needs = find_needs(s);
	const struct envelope *env = &s->job->env;
	const unsigned caps = s->caps.set;

	s->utf8 = needs.utf8;
	add_path(s, "MAIL FROM", env->sender);
	if ((caps & SMTP_CAP_SIZE) != 0)
		stream_printf(
		    &s->stream, " SIZE=%llu", (unsigned long long)needs.bytes);
	if (needs.eightbit)
		stream_write(&s->stream, SLICE(" BODY=8BITMIME"));
	if (needs.utf8)
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
	add_path(s, "RCPT TO", r->in.address);
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

/* The end of the message is not sent: the host must not take what it has. */
static void
break_off(struct smtp_session *s, const char *why)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_TEMPFAIL, "4.3.0", "%s", why);
	smtp_session_fail(s, &r, true, false);
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
send_all(struct smtp_session *s)
{
	const struct smtp_job *job = s->job;

	send_mail(s);
	if (!s->pipelined)
		return;
	for (size_t i = next_in(job, 0, SMTP_RCPT_SENT); i < job->nrcpts;
	     i = next_in(job, i + 1, SMTP_RCPT_SENT))
		send_rcpt(s, &job->rcpts[i]);
	send_data(s);
}

/* The message is known as far as this host needs it. */
static void
begin_known(struct smtp_session *s)
{
	struct smtp_job *job = s->job;

	s->pipelined = (s->caps.set & SMTP_CAP_PIPELINING) != 0;
	s->accepted = 0;
	s->mail_ok = false;
	s->due = choose(job, s->pipelined ? RCPTS_PIPELINED : RCPTS_MAX);
	s->rcpt = next_in(job, 0, SMTP_RCPT_SENT);
	if (!suits(s)) {
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
	send_all(s);
}

void
smtp_mail_begin(struct smtp_session *s)
{
	struct err err;

	switch (smtp_content_step(s->job->content, takes_8bit(s), &err)) {
	case 1:
		begin_known(s);
		return;
	case 0:
		if (s->stage != SMTP_CONTENT)
			smtp_session_enter(s, SMTP_CONTENT);
		ev_task_queue(&s->content_task);
		return;
	default:
		break_off(s, err.text);
	}
}

void
smtp_mail_run(struct ev_task *task)
{
	smtp_mail_begin(OUTER(task, struct smtp_session, content_task));
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
			smtp_rcpt_result(s->job, &s->job->rcpts[i], &r);
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
		if (s->body == NULL)
			s->body = xcalloc(1, sizeof *s->body);
		smtp_body_init(s->body, job->fd, job->offset, job->size,
		    job->crc32c, s->converts ? job->content->downgrade : NULL);
		smtp_mail_more(s);
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
