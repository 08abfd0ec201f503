/* SPDX-License-Identifier: ISC */
#include "smtp/session/session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "smtp/conf.h"
#include "smtp/session/auth.h"
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

/* Who takes a stage's reply; NULL: none is due. */
/* clang-format off */
static void (*const takers[SMTP_STAGES])(struct smtp_session *s) = {
	[SMTP_CONNECT]    = NULL,
	[SMTP_GREETING]   = smtp_hello_greeting,
	[SMTP_EHLO]       = smtp_hello_ehlo,
	[SMTP_HELO]       = smtp_hello_helo,
	[SMTP_TLSA]       = NULL,
	[SMTP_STARTTLS]   = smtp_starttls_reply,
	[SMTP_HANDSHAKE]  = NULL,
	[SMTP_AUTH]       = smtp_auth_reply,
	[SMTP_CONTENT]    = on_unasked,
	[SMTP_RSET]       = smtp_mail_rset,
	[SMTP_MAIL]       = smtp_mail_mail,
	[SMTP_RCPT]       = smtp_mail_rcpt,
	[SMTP_DATA]       = smtp_mail_data,
	[SMTP_BODY]       = smtp_mail_early,
	[SMTP_DOT]        = smtp_mail_dot,
	[SMTP_IDLE]       = on_idle,
	[SMTP_QUIT]       = on_quit,
};
/* clang-format on */

static const struct stream_limits limits = {
	.in_max = 4096,
	.out_max = 4 << 20,
	/* Replies are read while the message goes out. */
	.out_high = 4 << 20,
	.out_low = SMTP_BODY_PIECE,
};

static void
on_quit(struct smtp_session *s)
{
	smtp_session_close(s);
}

/* A server that says something while nothing was asked wants to close. */
static void
on_idle(struct smtp_session *s)
{
	smtp_pool_del(s);
	smtp_session_close(s);
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
	takers[s->stage](s);
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
		smtp_session_close(s);
		return;
	}
	if (s->stage == SMTP_STARTTLS) {
		smtp_starttls_failed(s, what);
		return;
	}
	smtp_result_set(&r, JOB_TEMPFAIL, "4.5.0",
	    "%s: %s while waiting for %s", s->name, what,
	    smtp_session_awaits(s));
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

	while (!s->dead && takers[s->stage] != NULL) {
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
		    smtp_session_awaits(s));
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
		smtp_session_close(s);
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
	smtp_session_connected(OUTER(stream, struct smtp_session, stream));
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

/* FD is to be of T's source, if it has one.  The port is chosen when FD
 * connects, so that one will do for many hosts. */
static int
bind_source(int fd, const struct smtp_target *t)
{
	const struct sockaddr *sa = (const struct sockaddr *)&t->source.ss;
	const int on = 1;

	if (!t->has_source)
		return 0;
	(void)setsockopt(
	    fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	return bind(fd, sa, t->source.len);
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
	if (bind_source(fd, t) == 0 &&
	    (connect(fd, sa, t->addr.len) == 0 || errno == EINPROGRESS))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* An address that is not on this host is ours to mend. */
static void
cannot_connect(const struct smtp_target *t, int error, struct smtp_result *why)
{
	char name[SMTP_TARGET_TEXT], source[ADDR_TEXT];

	smtp_target_format(t, name);
	if (t->has_source)
		smtp_result_set(why, JOB_TEMPFAIL, "4.4.1",
		    "connect to %s from %s: %s", name,
		    smtp_target_source(t, source), strerror(error));
	else
		smtp_result_set(why, JOB_TEMPFAIL, "4.4.1", "connect to %s: %s",
		    name, strerror(error));
	smtp_result_set_source(why, t);
	why->site = is_of_host(error) ? JOB_SITE_FAILED : JOB_SITE_UNKNOWN;
}

bool
smtp_session_open(struct smtp_job *job, const struct smtp_target *t, bool plain,
    struct smtp_result *why)
{
	const int fd = begin_connect(t);
	struct smtp_session *s;

	if (fd == -1) {
		cannot_connect(t, errno, why);
		return false;
	}
	s = smtp_session_new(t);
	s->job = job;
	s->plain = plain;
	TAILQ_INSERT_TAIL(&job->dials, s, dial_link);
	ev_task_init(&s->content_task, smtp_mail_run);
	stream_init_connecting(&s->stream, fd, &handler, &limits);
	smtp_pool_opened();
	smtp_session_enter(s, SMTP_CONNECT);
	return true;
}

bool
smtp_session_abort_dial(struct smtp_job *job, struct smtp_target *t)
{
	struct smtp_session *s = TAILQ_FIRST(&job->dials);

	if (s == NULL)
		return false;
	*t = s->target;
	smtp_session_abort(s);
	return true;
}

bool
smtp_session_sent_all(const struct smtp_session *s)
{
	return s->stage == SMTP_DOT;
}

bool
smtp_session_has_idle(const struct smtp_target *t)
{
	return smtp_pool_has(t);
}

void
smtp_session_reuse(struct smtp_job *job, const struct smtp_target *t)
{
	struct smtp_session *s = smtp_pool_take(t);

	must(s != NULL && s->job == NULL && s->stage == SMTP_IDLE);
	s->job = job;
	s->reused = true;
	job->session = s;
	smtp_mail_begin(s);
}

/* ---- the end ---- */

void
smtp_session_abort(struct smtp_session *s)
{
	(void)smtp_session_let_go(s);
	smtp_session_close(s);
}

bool
smtp_session_have_room(void)
{
	struct smtp_session *s = smtp_pool_first();

	if (smtp_pool_open() >= smtp_pool_limit() && s != NULL) {
		smtp_pool_del(s);
		smtp_session_abort(s);
	}
	return smtp_pool_open() < smtp_pool_limit();
}

void
smtp_session_flush(void)
{
	struct smtp_session *s;

	while ((s = smtp_pool_first()) != NULL) {
		smtp_pool_del(s);
		smtp_session_quit(s);
	}
}
