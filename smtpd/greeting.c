/* SPDX-License-Identifier: ISC */
/*
 * A stranger may have to wait for its greeting a while (greeting_delay), in
 * which it must not speak (RFC 5321 3.1): programs that send spam often do not
 * care what a server says.
 */
#include "smtpd/greeting.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "front/session.h"
#include "log/log.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/judge/judge.h"
#include "smtpd/judge/session.h"
#include "smtpd/protocol.h"

struct smtpd_greeting {
	struct smtpd_session *session;
	struct ev_timer timer;
};

void
smtpd_greeting_free(struct smtpd_greeting **g)
{
	if (*g == NULL)
		return;
	ev_timer_stop(&(*g)->timer);
	xfree(g);
}

/* RFC 5321 3.1 has 554, and 421 for what may pass. */
static bool
is_refused(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	char reply[sizeof v->reply];

	if (!smtpd_verdict_ends(v))
		return false;
	snprintf(reply, sizeof reply, "%s %s",
	    v->action == POLICY_DEFER ? "421" : "554", v->reply + sizeof "550");
	log_info("smtpd.client-refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("why", reply));
	smtpd_reply(s, reply);
	front_close(&s->front, reply);
	return true;
}

static void
on_judged(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	if (!is_refused(s, v))
		smtpd_session_greet(s);
}

static void
judge(struct smtpd_session *s)
{
	if (smtpd_judge_session(s, POLICY_CONNECT, on_judged))
		smtpd_session_mode(s, SMTPD_WAIT);
	else
		smtpd_session_greet(s);
}

static void
on_early(struct smtpd_session *s, const struct smtpd_verdict *v)
{
	if (!is_refused(s, v))
		judge(s);
}

void
smtpd_greeting_early(struct smtpd_session *s)
{
	smtpd_greeting_free(&s->greeting);
	if (smtpd_judge_session(s, POLICY_EARLY, on_early))
		smtpd_session_mode(s, SMTPD_WAIT);
	else
		judge(s);
}

static void
on_quiet(struct ev_timer *t)
{
	struct smtpd_session *s =
	    OUTER(t, struct smtpd_greeting, timer)->session;

	smtpd_greeting_free(&s->greeting);
	judge(s);
}

/* A client of ours is a stranger, too, before it has logged in, and is not to
 * wait; whom a proxy names by XCLIENT, the proxy has greeted. */
static bool
must_be_quiet(const struct smtpd_session *s)
{
	return smtpd_conf->greeting_delay > 0 && !s->front.trusted &&
	       !s->protocol->submission && s->proxy == NULL &&
	       smtpd_judge_needs(s, POLICY_EARLY);
}

void
smtpd_greet(struct smtpd_session *s)
{
	if (!must_be_quiet(s)) {
		judge(s);
		return;
	}
	s->greeting = xcalloc(1, sizeof *s->greeting);
	s->greeting->session = s;
	ev_timer_init(&s->greeting->timer, on_quiet);
	ev_timer_set(&s->greeting->timer, smtpd_conf->greeting_delay);
	smtpd_session_mode(s, SMTPD_QUIET);
}
