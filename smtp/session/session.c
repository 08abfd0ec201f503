/* SPDX-License-Identifier: ISC */
#include "smtp/session/session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "smtp/conf.h"
#include "smtp/route/dane.h"
#include "smtp/session/body.h"
#include "smtp/session/dialog.h"
#include "smtp/session/hello.h"
#include "smtp/session/mail.h"
#include "smtp/session/pool.h"
#include "smtp/session/result.h"
#include "smtp/session/starttls.h"

static void on_idle(struct smtp_session *s);
static void on_quit(struct smtp_session *s);
static void on_unasked(struct smtp_session *s);

/* RFC 5321 4.5.3.2, as far as `timeout` allows.  The data block's time is for
 * each piece. */
/* clang-format off */
static const struct {
	const char *name; /* for "while waiting for ..." */
	unsigned seconds;
	void (*on_reply)(struct smtp_session *s);
} stages[SMTP_STAGES] = {
	[SMTP_CONNECT]   = { "the connection",           600, NULL },
	[SMTP_GREETING]  = { "the greeting",             300, smtp_hello_greeting },
	[SMTP_EHLO]      = { "the reply to EHLO",        300, smtp_hello_ehlo },
	[SMTP_HELO]      = { "the reply to HELO",        300, smtp_hello_helo },
	[SMTP_TLSA]      = { "TLSA records",             300, NULL },
	[SMTP_STARTTLS]  = { "the reply to STARTTLS",    300, smtp_starttls_reply },
	[SMTP_HANDSHAKE] = { "the TLS handshake",        300, NULL },
	[SMTP_AUTH]      = { "the reply to AUTH",        300, smtp_hello_auth },
	[SMTP_CONTENT]   = { "the message to be read",   600, on_unasked },
	[SMTP_RSET]      = { "the reply to RSET",        300, smtp_mail_rset },
	[SMTP_MAIL]      = { "the reply to MAIL",        300, smtp_mail_mail },
	[SMTP_RCPT]      = { "the reply to RCPT",        300, smtp_mail_rcpt },
	[SMTP_DATA]      = { "the reply to DATA",        120, smtp_mail_data },
	[SMTP_BODY]      = { "the message to be taken",  180, smtp_mail_early },
	[SMTP_DOT]       = { "the reply to the message", 600, smtp_mail_dot },
	[SMTP_IDLE]      = { "more mail",                  0, on_idle },
	[SMTP_QUIT]      = { "the reply to QUIT",          5, on_quit },
};
/* clang-format on */

static const struct stream_limits limits = {
	.in_max = 4096,
	.out_max = 4 << 20,
	/* Replies are read while the message goes out. */
	.out_high = 4 << 20,
	.out_low = SMTP_BODY_PIECE,
};

void
smtp_session_enter(struct smtp_session *s, enum smtp_stage stage)
{
	int64_t ms = (int64_t)stages[stage].seconds * 1000;

	if (stage == SMTP_CONNECT)
		ms = smtp_conf->connect_timeout;
	if (ms > smtp_conf->timeout)
		ms = smtp_conf->timeout;
	s->stage = stage;
	/* A deadline ends the stream; an idle session still says QUIT. */
	stream_set_deadline(&s->stream, stage == SMTP_IDLE ? 0 : ms);
	if (stage == SMTP_IDLE)
		ev_timer_set(&s->idle_timer, smtp_conf->session_idle);
	else
		ev_timer_stop(&s->idle_timer);
}

/* ---- ends ---- */

static void
run_free(struct ev_task *task)
{
	struct smtp_session *s = OUTER(task, struct smtp_session, free_task);

	smtp_reply_fini(&s->reply);
	free(s->body);
	free(s);
}

/* Close; S itself is freed when nobody stands in its callbacks any more. */
static void
session_close(struct smtp_session *s)
{
	must(!s->dead && s->job == NULL);
	s->dead = true;
	smtp_dane_free(&s->dane);
	ev_timer_stop(&s->idle_timer);
	ev_task_cancel(&s->content_task);
	stream_close(&s->stream);
	smtp_pool_closed();
	ev_task_queue(&s->free_task);
}

/* The job leaves S. */
static struct smtp_job *
let_go(struct smtp_session *s)
{
	struct smtp_job *job = s->job;

	if (job != NULL)
		job->session = NULL;
	s->job = NULL;
	return job;
}

void
smtp_session_quit(struct smtp_session *s)
{
	must(s->job == NULL);
	stream_write(&s->stream, SLICE("QUIT\r\n"));
	smtp_session_enter(s, SMTP_QUIT);
}

static void
on_quit(struct smtp_session *s)
{
	session_close(s);
}

/* A server that says something while nothing was asked wants to close. */
static void
on_idle(struct smtp_session *s)
{
	smtp_pool_del(s);
	session_close(s);
}

static void
on_idle_timer(struct ev_timer *t)
{
	struct smtp_session *s = OUTER(t, struct smtp_session, idle_timer);

	smtp_pool_del(s);
	smtp_session_quit(s);
}

void
smtp_session_abort(struct smtp_session *s)
{
	(void)let_go(s);
	session_close(s);
}

void
smtp_session_fail(struct smtp_session *s, const struct smtp_result *why,
    bool final, bool quit)
{
	struct smtp_job *job = let_go(s);
	struct smtp_result copy = *why;

	log_debug("smtp.session-failed", kv_s("host", s->name),
	    kv_s("dsn", why->dsn), kv_s("why", why->text));
	if (quit)
		smtp_session_quit(s);
	else
		session_close(s);
	smtp_job_failed(job, &copy, final);
}

void
smtp_session_fail_reply(struct smtp_session *s)
{
	struct smtp_result r;

	smtp_result_reply(&r, &s->reply, &s->target);
	if (s->stage == SMTP_GREETING && r.status == JOB_TEMPFAIL)
		r.site = JOB_SITE_FAILED;
	/* A 2xx or 3xx where none belongs. */
	if (r.status == JOB_DELIVERED)
		r.status = JOB_TEMPFAIL;
	if (r.status == JOB_TEMPFAIL && r.dsn[0] != '4')
		memcpy(r.dsn, "4.5.0", sizeof "4.5.0");
	smtp_session_fail(s, &r, false, s->reply.code != 421);
}

void
smtp_session_reopen(struct smtp_session *s, bool plain)
{
	const struct smtp_target target = s->target;
	struct smtp_job *job = let_go(s);

	session_close(s);
	smtp_session_open(job, &target, plain);
}

void
smtp_session_done(struct smtp_session *s, bool usable)
{
	struct smtp_job *job = let_go(s);

	s->messages++;
	s->reused = false;
	if (!usable || s->reply.code == 421) {
		session_close(s);
	} else if (s->messages >= smtp_conf->session_messages ||
		   smtp_conf->session_idle == 0) {
		smtp_session_quit(s);
	} else {
		smtp_session_enter(s, SMTP_IDLE);
		smtp_pool_put(s);
	}
	smtp_job_continue(job);
}

/* ---- what the stream tells ---- */

static void
on_reply(struct smtp_session *s)
{
	const bool first = s->reused;

	s->reused = false;
	/* An idle session that the server had already given up. */
	if (s->reply.code == 421 && first) {
		smtp_session_reopen(s, s->plain);
		return;
	}
	if (s->reply.code == 421 && s->job != NULL && s->stage != SMTP_BODY &&
	    s->stage != SMTP_DOT) {
		smtp_session_fail_reply(s);
		return;
	}
	stages[s->stage].on_reply(s);
}

/* What came is no answer to us: the session ends, and says nothing about a
 * recipient.  AFTER_DOT: the host may have the message. */
static void
on_nonsense(struct smtp_session *s, const char *what, bool after_dot)
{
	struct smtp_result r;

	if (s->job == NULL) {
		if (s->stage == SMTP_IDLE)
			smtp_pool_del(s);
		session_close(s);
		return;
	}
	if (s->stage == SMTP_STARTTLS) {
		smtp_starttls_failed(s, what);
		return;
	}
	smtp_result_set(&r, JOB_TEMPFAIL, "4.5.0",
	    "%s: %s while waiting for %s", s->name, what,
	    stages[s->stage].name);
	smtp_session_fail(s, &r, after_dot, false);
}

static void
on_unasked(struct smtp_session *s)
{
	on_nonsense(s, "unexpected early reply", false);
}

/* Is the reply at hand older than the command that it would be taken for?
 * Then something was queued since the last reply, and nothing of it sent. */
static bool
is_early(const struct smtp_session *s)
{
	return s->stream.sent_bytes == s->sent_before &&
	       stream_waiting(&s->stream) > s->waiting_before;
}

static void
take_reply(struct smtp_session *s)
{
	const bool early = is_early(s);

	s->sent_before = s->stream.sent_bytes;
	s->waiting_before = stream_waiting(&s->stream);
	if (early && s->reused)
		smtp_session_reopen(s, s->plain);
	else if (early)
		on_unasked(s);
	else if (s->stage == SMTP_DOT && s->waiting_before > 0)
		smtp_mail_early(s);
	else
		on_reply(s);
}

static void
on_input(struct stream *stream)
{
	struct smtp_session *s = OUTER(stream, struct smtp_session, stream);

	while (!s->dead && stages[s->stage].on_reply != NULL) {
		struct slice in = stream_input(stream);
		const size_t before = in.n;
		const enum smtp_reply_end end = smtp_reply_feed(&s->reply, &in);

		stream_consume(stream, before - in.n);
		if (end == SMTP_REPLY_MORE)
			return;
		if (end == SMTP_REPLY_BAD)
			on_nonsense(
			    s, "malformed SMTP reply", s->stage == SMTP_DOT);
		else
			take_reply(s);
		smtp_reply_reset(&s->reply);
	}
}

static void
on_drain(struct stream *stream)
{
	struct smtp_session *s = OUTER(stream, struct smtp_session, stream);

	if (s->stage == SMTP_BODY)
		smtp_mail_more(s);
}

static const char *
end_text(enum stream_end why)
{
	return why == STREAM_TIMEOUT ? "timeout" : "connection lost";
}

/* The session is lost while it serves a job. */
static void
lost(struct smtp_session *s, enum stream_end why)
{
	const char *reason = end_text(why);
	struct smtp_result r;

	if (s->stage == SMTP_CONNECT) {
		smtp_result_set(&r, JOB_TEMPFAIL, "4.4.1", "connect to %s: %s",
		    s->name,
		    why == STREAM_TIMEOUT ? "no answer"
					  : strerror(s->stream.saved_errno));
	} else if (s->stage == SMTP_DOT) {
		smtp_result_set(&r, JOB_TEMPFAIL, "4.4.2",
		    "%s: %s after the message was sent; it may have arrived",
		    s->name, reason);
	} else {
		smtp_result_set(&r, JOB_TEMPFAIL, "4.4.2",
		    "%s: %s while waiting for %s", s->name, reason,
		    stages[s->stage].name);
	}
	r.site = JOB_SITE_FAILED;
	/* Whether the host took the message is not known: to offer it to
	 * another would make two of it. */
	smtp_session_fail(s, &r, s->stage == SMTP_DOT, false);
}

static void
on_end(struct stream *stream, enum stream_end why)
{
	struct smtp_session *s = OUTER(stream, struct smtp_session, stream);

	if (s->stage == SMTP_IDLE)
		smtp_pool_del(s);
	if (s->job == NULL)
		session_close(s);
	else if (s->reused && why != STREAM_TIMEOUT)
		smtp_session_reopen(s, s->plain);
	else if (s->stage == SMTP_STARTTLS || s->stage == SMTP_HANDSHAKE)
		smtp_starttls_failed(s, end_text(why));
	else
		lost(s, why);
}

static void
on_connect(struct stream *stream)
{
	smtp_session_enter(
	    OUTER(stream, struct smtp_session, stream), SMTP_GREETING);
}

static const struct stream_handler handler = {
	.on_input = on_input,
	.on_drain = on_drain,
	.on_end = on_end,
	.on_connect = on_connect,
};

/* ---- beginnings ---- */

/* Does ERROR of connect speak of the host, and not of this one? */
static bool
is_of_host(int error)
{
	return error == ECONNREFUSED || error == ETIMEDOUT ||
	       error == EHOSTUNREACH || error == ENETUNREACH;
}

/* A socket that connects to T; -1 and errno. */
static int
begin_connect(const struct smtp_target *t)
{
	const struct sockaddr *sa = (const struct sockaddr *)&t->addr.ss;
	const int fd = socket(t->addr.ss.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;
	int saved;

	if (fd == -1)
		return -1;
	/* The stream collects; what it sends is to leave at once. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, sa, t->addr.len) == 0 || errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

void
smtp_session_open(struct smtp_job *job, const struct smtp_target *t, bool plain)
{
	const int fd = begin_connect(t);
	struct smtp_session *s;

	if (fd == -1) {
		char name[SMTP_TARGET_TEXT];
		struct smtp_result r;

		smtp_target_format(t, name);
		smtp_result_set(&r, JOB_TEMPFAIL, "4.4.1", "connect to %s: %s",
		    name, strerror(errno));
		r.site = is_of_host(errno) ? JOB_SITE_FAILED : JOB_SITE_UNKNOWN;
		smtp_job_failed(job, &r, false);
		return;
	}
	s = xcalloc(1, sizeof *s);
	s->target = *t;
	s->job = job;
	s->plain = plain;
	job->session = s;
	smtp_target_format(t, s->name);
	smtp_reply_init(&s->reply);
	ev_task_init(&s->free_task, run_free);
	ev_timer_init(&s->idle_timer, on_idle_timer);
	ev_task_init(&s->content_task, smtp_mail_run);
	stream_init_connecting(&s->stream, fd, &handler, &limits);
	smtp_pool_opened();
	smtp_session_enter(s, SMTP_CONNECT);
}

bool
smtp_session_sent_all(const struct smtp_session *s)
{
	return s->stage == SMTP_DOT;
}

void
smtp_session_reuse(struct smtp_session *s, struct smtp_job *job)
{
	must(s->job == NULL && s->stage == SMTP_IDLE);
	s->job = job;
	s->reused = true;
	job->session = s;
	smtp_mail_begin(s);
}
