/* SPDX-License-Identifier: ISC */
#include "smtp/session/dialog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "ev/loop.h"
#include "log/log.h"
#include "smtp/conf.h"
#include "smtp/route/dane.h"
#include "smtp/route/policy.h"
#include "smtp/session/pool.h"
#include "smtp/session/result.h"
#include "smtp/session/session.h"

/* RFC 5321 4.5.3.2, as far as `timeout` allows.  The data block's time is for
 * each piece. */
/* clang-format off */
static const struct {
	const char *name; /* for "while waiting for ..." */
	unsigned seconds;
} stages[SMTP_STAGES] = {
	[SMTP_CONNECT]    = { "the connection",           600 },
	[SMTP_GREETING]   = { "the greeting",             300 },
	[SMTP_EHLO]       = { "the reply to EHLO",        300 },
	[SMTP_HELO]       = { "the reply to HELO",        300 },
	[SMTP_TLSA]       = { "TLSA records",             300 },
	[SMTP_STARTTLS]   = { "the reply to STARTTLS",    300 },
	[SMTP_HANDSHAKE]  = { "the TLS handshake",        300 },
	[SMTP_AUTH]       = { "the reply to AUTH",        300 },
	[SMTP_CONTENT]    = { "the message to be read",   600 },
	[SMTP_RSET]       = { "the reply to RSET",        300 },
	[SMTP_MAIL]       = { "the reply to MAIL",        300 },
	[SMTP_RCPT]       = { "the reply to RCPT",        300 },
	[SMTP_DATA]       = { "the reply to DATA",        120 },
	[SMTP_BODY]       = { "the message to be taken",  180 },
	[SMTP_DOT]        = { "the reply to the message", 600 },
	[SMTP_IDLE]       = { "more mail",                  0 },
	[SMTP_QUIT]       = { "the reply to QUIT",          5 },
};
/* clang-format on */

static const struct smtp_session_owner *owner;

void
smtp_session_init(const struct smtp_session_owner *told)
{
	owner = told;
	smtp_pool_init(told->room);
}

/* ---- stages ---- */

void
smtp_session_enter(struct smtp_session *s, enum smtp_stage stage)
{
	int64_t ms = (int64_t)stages[stage].seconds * 1000;

	if (stage == SMTP_CONNECT)
		ms = smtp_conf->connect_timeout;
	if (ms > smtp_conf->timeout)
		ms = smtp_conf->timeout;
	s->stage = stage;
	if (stage == SMTP_MAIL && s->job != NULL && s->job->since_ms > 0) {
		s->job->connect_ms += ev_now_ms() - s->job->since_ms;
		s->job->since_ms = 0;
	}
	/* A deadline ends the stream; an idle session still says QUIT. */
	stream_set_deadline(&s->stream, stage == SMTP_IDLE ? 0 : ms);
	if (stage == SMTP_IDLE)
		ev_timer_set(&s->idle_timer, smtp_conf->session_idle);
	else
		ev_timer_stop(&s->idle_timer);
}

const char *
smtp_session_awaits(const struct smtp_session *s)
{
	return stages[s->stage].name;
}

const char *
smtp_session_our_name(const struct smtp_session *s)
{
	return s->target.helo[0] != '\0' ? s->target.helo
					 : smtp_conf->shared.hostname;
}

void
smtp_session_hello(struct smtp_session *s)
{
	stream_printf(&s->stream, "%s %s\r\n", s->target.lmtp ? "LHLO" : "EHLO",
	    smtp_session_our_name(s));
	smtp_session_enter(s, SMTP_EHLO);
}

/* ---- ends ---- */

struct smtp_job *
smtp_session_let_go(struct smtp_session *s)
{
	struct smtp_job *job = s->job;

	if (job != NULL && s->stage == SMTP_CONNECT)
		TAILQ_REMOVE(&job->dials, s, dial_link);
	else if (job != NULL) {
		job->session = NULL;
		if (job->since_ms == 0)
			job->since_ms = ev_now_ms();
	}
	s->job = NULL;
	return job;
}

/* S itself is freed when nobody stands in its callbacks any more. */
void
smtp_session_close(struct smtp_session *s)
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

void
smtp_session_quit(struct smtp_session *s)
{
	must(s->job == NULL);
	stream_write(&s->stream, SLICE("QUIT\r\n"));
	smtp_session_enter(s, SMTP_QUIT);
}

void
smtp_session_fail(struct smtp_session *s, const struct smtp_result *why,
    bool final, bool quit)
{
	struct smtp_job *job = smtp_session_let_go(s);
	struct smtp_result copy = *why;

	smtp_result_set_source(&copy, &s->target);
	if (s->stage != SMTP_CONNECT)
		copy.tls = smtp_policy_used(s);
	log_debug("smtp.session-failed", kv_s("host", s->name),
	    kv_s("dsn", why->dsn), kv_s("why", why->text));
	if (quit)
		smtp_session_quit(s);
	else
		smtp_session_close(s);
	owner->failed(job, &copy, final);
}

void
smtp_session_fail_temp(
    struct smtp_session *s, const char *dsn, const char *why, bool quit)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_TEMPFAIL, dsn, "%s: %s", s->name, why);
	smtp_session_fail(s, &r, false, quit);
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
	struct smtp_job *job = smtp_session_let_go(s);

	smtp_session_close(s);
	owner->again(job, &target, plain);
}

/* S has taken as many messages as it may, by the limits of JOB's site. */
static bool
is_used_up(const struct smtp_session *s, const struct smtp_job *job)
{
	return s->messages >= smtp_conf->session_messages ||
	       (job->session_messages > 0 &&
		   s->messages >= job->session_messages);
}

void
smtp_session_renew(struct smtp_session *s)
{
	const struct smtp_target target = s->target;
	const bool plain = s->plain;
	struct smtp_job *job = smtp_session_let_go(s);

	/* One that waits for the reply to QUIT takes room. */
	if (smtp_pool_open() < smtp_pool_limit())
		smtp_session_quit(s);
	else
		smtp_session_close(s);
	owner->again(job, &target, plain);
}

void
smtp_session_done(struct smtp_session *s, bool usable)
{
	struct smtp_job *job = smtp_session_let_go(s);

	s->messages++;
	s->reused = false;
	if (!usable || s->reply.code == 421) {
		smtp_session_close(s);
	} else if (s->used_up || is_used_up(s, job) ||
		   smtp_conf->session_idle == 0) {
		smtp_session_quit(s);
	} else {
		smtp_session_enter(s, SMTP_IDLE);
		smtp_pool_put(s);
	}
	owner->served(job);
}

/* ---- the beginning ---- */

static void
run_free(struct ev_task *task)
{
	struct smtp_session *s = OUTER(task, struct smtp_session, free_task);

	smtp_reply_fini(&s->reply);
	free(s->body);
	free(s);
}

static void
on_idle_timer(struct ev_timer *t)
{
	struct smtp_session *s = OUTER(t, struct smtp_session, idle_timer);

	smtp_pool_del(s);
	smtp_session_quit(s);
}

void
smtp_session_connected(struct smtp_session *s)
{
	struct smtp_job *job = s->job;

	TAILQ_REMOVE(&job->dials, s, dial_link);
	job->session = s;
	smtp_session_enter(s, SMTP_GREETING);
	owner->connected(job);
}

struct smtp_session *
smtp_session_new(const struct smtp_target *t)
{
	struct smtp_session *s = xcalloc(1, sizeof *s);

	s->target = *t;
	smtp_target_format(t, s->name);
	smtp_reply_init(&s->reply);
	ev_task_init(&s->free_task, run_free);
	ev_timer_init(&s->idle_timer, on_idle_timer);
	return s;
}
