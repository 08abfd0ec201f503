/* SPDX-License-Identifier: ISC */
#include "login/auth.h"

#include <stdlib.h>

#include "base/mem.h"
#include "front/sasl.h"
#include "ipc/auth.h"
#include "log/log.h"
#include "login/conf.h"
#include "login/handoff.h"
#include "login/metrics.h"
#include "login/session.h"

struct login_auth {
	struct login_session *session;
	struct front_sasl sasl;
};

static struct login_session *
session_of(struct front_sasl *a)
{
	return OUTER(a, struct login_auth, sasl)->session;
}

void
login_auth_free(struct login_auth **p)
{
	struct login_auth *a = *p;

	*p = NULL;
	if (a == NULL)
		return;
	front_sasl_fini(&a->sasl);
	free(a);
}

static void
fail(struct login_session *s, enum auth_result result)
{
	login_auth_free(&s->auth);
	login_count(LOGIN_COUNT_refused, 1);
	s->dialect->refuse(s, result);
	if (++s->failures >= login_conf->max_auth_failures)
		login_hangup(
		    s, "UNAVAILABLE", "Too many authentication failures");
	login_mode(s, LOGIN_LINES);
}

/* May one more attempt be made?  If not, it has failed. */
static bool
may_try(struct login_session *s)
{
	if (front_rate(
		&s->front, FRONT_AUTHS, login_conf->client_auth_rate_limit))
		return true;
	fail(s, AUTH_LIMITED);
	return false;
}

static void
on_wait(struct front_sasl *a)
{
	login_mode(session_of(a), LOGIN_WAIT);
}

static void
on_challenge(struct front_sasl *a, struct slice base64)
{
	struct login_session *s = session_of(a);

	login_mode(s, LOGIN_SASL);
	s->dialect->challenge(s, base64);
}

static void
on_done(struct front_sasl *a, enum auth_result result, struct slice account,
    struct slice ticket)
{
	struct login_session *s = session_of(a);

	if (result == AUTH_OK) {
		login_handoff_start(s, account, ticket, front_sasl_data(a));
		login_auth_free(&s->auth);
		return;
	}
	log_info("login.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_slice("login", front_sasl_login(a)),
	    kv_s("result", (const char *const[]){ "ok", "refused", "denied",
			       "limited", "tempfail" }[result]));
	fail(s, result);
}

static void
on_malformed(struct front_sasl *a, bool cancelled)
{
	struct login_session *s = session_of(a);

	login_auth_free(&s->auth);
	login_mode(s, LOGIN_LINES);
	s->dialect->malformed(
	    s, cancelled ? "Cancelled" : "Invalid authentication response");
}

static const struct front_sasl_ops ops = {
	.wait = on_wait,
	.challenge = on_challenge,
	.done = on_done,
	.malformed = on_malformed,
};

static struct login_auth *
auth_new(struct login_session *s)
{
	struct login_auth *a = xcalloc(1, sizeof *a);

	login_auth_free(&s->auth);
	a->session = s;
	front_sasl_init(
	    &a->sasl, &ops, &s->front, s->dialect->service, login_mechs(s));
	a->sasl.ends_with_data = s->dialect->ends_with_data;
	s->auth = a;
	return a;
}

unsigned
login_mechs(const struct login_session *s)
{
	return front_sasl_offered(
	    &s->front, &login_conf->shared.sasl_mechanisms);
}

void
login_auth_start(struct login_session *s, const struct sasl_mech *mech,
    bool has_initial, struct slice initial)
{
	if (may_try(s))
		front_sasl_start(
		    &auth_new(s)->sasl, mech, has_initial, initial);
}

void
login_auth_line(struct login_session *s, struct slice line)
{
	front_sasl_line(&s->auth->sasl, line);
}

void
login_auth_password(
    struct login_session *s, struct slice user, struct slice secret)
{
	if (may_try(s))
		front_sasl_password(&auth_new(s)->sasl, user, secret);
}
