/* SPDX-License-Identifier: ISC */
#include "login/auth.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "login/conf.h"
#include "login/handoff.h"
#include "login/metrics.h"
#include "login/session.h"
#include "sasl/server.h"

struct login_auth {
	struct login_session *session;
	struct ipc_call call;
	struct sasl_server sasl;
};

void
login_auth_free(struct login_auth **p)
{
	struct login_auth *a = *p;

	*p = NULL;
	if (a == NULL)
		return;
	if (ipc_calling(&a->call))
		IPC_SEND(ipc_link(ROLE_AUTH, 0, 0), auth_forget,
		    .check = a->call.id);
	ipc_cancel(&a->call);
	sasl_server_reset(&a->sasl);
	free(a);
}

static struct login_auth *
auth_new(struct login_session *s)
{
	struct login_auth *a = xcalloc(1, sizeof *a);

	login_auth_free(&s->auth);
	a->session = s;
	sasl_server_init(&a->sasl);
	s->auth = a;
	return a;
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
on_checked(struct ipc_call *call, struct msg *m)
{
	struct login_session *s = OUTER(call, struct login_auth, call)->session;
	const enum auth_result result =
	    m != NULL && m->auth_checked.result < AUTH_RESULTS
		? (enum auth_result)m->auth_checked.result
		: AUTH_TEMPFAIL;

	if (result == AUTH_OK) {
		login_auth_free(&s->auth);
		login_handoff_start(
		    s, m->auth_checked.account, m->auth_checked.ticket);
		return;
	}
	log_info("login.refused", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip),
	    kv_slice("login", buf_slice(&s->auth->sasl.login)),
	    kv_s("result", (const char *const[]){ "ok", "refused", "denied",
			       "limited", "tempfail" }[result]));
	fail(s, result);
}

static void
ask(struct login_session *s, struct slice login, struct slice authzid,
    struct slice secret, const char *mechanism)
{
	login_mode(s, LOGIN_WAIT);
	IPC_CALL(ipc_link(ROLE_AUTH, 0, 0), &s->auth->call, auth_checked,
	    on_checked, AUTH_WAIT_MS, auth_check,
	    .mechanism = slice_str(mechanism), .login = login,
	    .authzid = authzid, .secret = secret,
	    .client = slice_str(s->front.ip),
	    .service = slice_str(s->dialect->service),
	    .tls = front_tls(&s->front));
}

static void
step(struct login_session *s, enum sasl_step next)
{
	const struct sasl_server *sasl = &s->auth->sasl;

	switch (next) {
	case SASL_CONTINUE:
		login_mode(s, LOGIN_SASL);
		s->dialect->challenge(s, buf_slice(&sasl->challenge));
		break;
	case SASL_READY:
		ask(s, buf_slice(&sasl->login), buf_slice(&sasl->authzid),
		    buf_slice(&sasl->secret), sasl_mech_name(sasl->mech));
		break;
	case SASL_CANCELLED:
	case SASL_MALFORMED:
		login_auth_free(&s->auth);
		login_mode(s, LOGIN_LINES);
		s->dialect->malformed(s,
		    next == SASL_CANCELLED ? "Cancelled"
					   : "Invalid authentication response");
		break;
	}
}

void
login_auth_start(struct login_session *s, const struct sasl_mech *mech,
    bool has_initial, struct slice initial)
{
	struct login_auth *a;

	if (!may_try(s))
		return;
	a = auth_new(s);
	step(s, sasl_server_start(&a->sasl, mech, has_initial, initial));
}

void
login_auth_line(struct login_session *s, struct slice line)
{
	step(s, sasl_server_input(&s->auth->sasl, line));
}

void
login_auth_password(
    struct login_session *s, struct slice user, struct slice secret)
{
	struct login_auth *a;

	if (!may_try(s))
		return;
	a = auth_new(s);
	buf_init(&a->sasl.login, AUTH_LOGIN_MAX); /* for the log */
	buf_add(&a->sasl.login, user);
	ask(s, user, slice_of(NULL, 0), secret, "PLAIN");
}
