/* SPDX-License-Identifier: ISC */
#include "smtpd/auth.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "front/session.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "log/log.h"
#include "sasl/server.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"

struct smtpd_auth {
	struct smtpd_session *session;
	struct ipc_call call;
	struct sasl_server sasl;
};

static const char too_many[] =
    "454 4.7.0 Too many authentication attempts, try again later";

/* Only where it can lead somewhere: not for sendmail, not for LMTP. */
static bool
offered(const struct smtpd_session *s)
{
	return !s->front.local && s->protocol->speaks == SMTPD_SPEAKS_SMTP &&
	       s->login == NULL &&
	       (s->protocol->submission || smtpd_conf->auth_on_smtp);
}

static bool
clear_allowed(const struct smtpd_session *s)
{
	return front_tls(&s->front) || s->front.cleartext;
}

void
smtpd_auth_announce(const struct smtpd_session *s, struct buf *out)
{
	const size_t from = out->n + sizeof "250-AUTH" - 1;

	if (!offered(s))
		return;
	buf_adds(out, "250-AUTH");
	sasl_mech_list(clear_allowed(s), " ", out);
	if (out->n > from)
		buf_adds(out, "\r\n");
	else
		buf_truncate(out, from - (sizeof "250-AUTH" - 1));
}

void
smtpd_auth_free(struct smtpd_auth **p)
{
	struct smtpd_auth *a = *p;

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

void
smtpd_auth_refuse(struct smtpd_session *s, const char *reply)
{
	smtpd_auth_free(&s->auth);
	smtpd_mistake(s, reply);
	if (++s->auth_failures >= smtpd_conf->max_auth_failures)
		smtpd_hangup(s, "4.7.0", "Too many authentication failures");
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
log_failed(struct smtpd_session *s, const char *why)
{
	const struct sasl_server *sasl = &s->auth->sasl;

	log_info("smtpd.auth-failed", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip),
	    kv_slice("login", buf_slice(&sasl->login)), kv_s("why", why));
}

/* ---- what auth says ---- */

static void
succeed(struct smtpd_session *s, struct slice account)
{
	s->login = xslicedup(account);
	log_info("smtpd.auth-ok", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("account", s->login),
	    kv_s("mechanism", sasl_mech_name(s->auth->sasl.mech)));
	smtpd_count(SMTPD_COUNT_auth_ok, 1);
	smtpd_auth_free(&s->auth);
	smtpd_reply(s, "235 2.7.0 Authentication successful");
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
on_checked(struct ipc_call *call, struct msg *m)
{
	struct smtpd_session *s = OUTER(call, struct smtpd_auth, call)->session;
	const enum auth_result result =
	    m != NULL ? (enum auth_result)m->auth_checked.result
		      : AUTH_TEMPFAIL;

	switch (result) {
	case AUTH_OK:
		succeed(s, m->auth_checked.account);
		break;
	case AUTH_REFUSED:
	case AUTH_DENIED:
		log_failed(s, result == AUTH_DENIED ? "denied" : "refused");
		smtpd_count(SMTPD_COUNT_auth_refused, 1);
		smtpd_auth_refuse(
		    s, "535 5.7.8 Authentication credentials invalid");
		break;
	case AUTH_LIMITED:
		log_failed(s, "too many attempts");
		smtpd_count(SMTPD_COUNT_auth_refused, 1);
		smtpd_auth_refuse(s, too_many);
		break;
	case AUTH_TEMPFAIL:
	case AUTH_RESULTS:
	default:
		log_failed(s, "no answer");
		smtpd_count(SMTPD_COUNT_auth_tempfail, 1);
		smtpd_auth_refuse(
		    s, "454 4.7.0 Temporary authentication failure");
	}
}

static void
ask(struct smtpd_session *s)
{
	struct smtpd_auth *a = s->auth;
	const struct sasl_server *sasl = &a->sasl;

	smtpd_session_mode(s, SMTPD_WAIT);
	IPC_CALL(ipc_link(ROLE_AUTH, 0, 0), &a->call, auth_checked, on_checked,
	    AUTH_WAIT_MS, auth_check,
	    .mechanism = slice_str(sasl_mech_name(sasl->mech)),
	    .login = buf_slice(&sasl->login),
	    .authzid = buf_slice(&sasl->authzid),
	    .secret = buf_slice(&sasl->secret),
	    .client = slice_str(s->front.ip),
	    .service = slice_str(s->protocol->service),
	    .tls = front_tls(&s->front));
}

/* ---- the exchange ---- */

static void
step(struct smtpd_session *s, enum sasl_step next)
{
	switch (next) {
	case SASL_CONTINUE:
		smtpd_session_mode(s, SMTPD_AUTH);
		smtpd_replyf(s, "334 %.*s",
		    SLICE_FMT(buf_slice(&s->auth->sasl.challenge)));
		break;
	case SASL_READY:
		ask(s);
		break;
	case SASL_CANCELLED:
		smtpd_auth_refuse(s, "501 5.7.0 Authentication aborted");
		break;
	case SASL_MALFORMED:
		smtpd_auth_refuse(
		    s, "501 5.5.2 Invalid authentication response");
		break;
	}
}

void
smtpd_auth_line(struct smtpd_session *s, struct slice line)
{
	s->front.secret = true;
	step(s, sasl_server_input(&s->auth->sasl, line));
}

void
smtpd_auth_command(struct smtpd_session *s, struct slice args)
{
	struct slice initial;
	const struct slice name = slice_cut(args, ' ', &initial);
	const struct sasl_mech *mech = sasl_mech_find(name);
	struct smtpd_auth *a;

	if (s->login != NULL) {
		smtpd_mistake(s, "503 5.5.1 Already authenticated");
	} else if (!s->extended || !offered(s)) {
		smtpd_mistake(s, "502 5.5.1 Authentication not enabled");
	} else if (name.n == 0) {
		smtpd_mistake(s, "501 5.5.4 Syntax: AUTH mechanism");
	} else if (mech == NULL) {
		smtpd_mistake(
		    s, "504 5.5.4 Unrecognized authentication mechanism");
	} else if (sasl_mech_is_clear(mech) && !clear_allowed(s)) {
		smtpd_mistake(s, "538 5.7.11 Encryption required for requested "
				 "authentication mechanism");
	} else {
		s->front.secret = true;
		s->auth = a = xcalloc(1, sizeof *a);
		a->session = s;
		sasl_server_init(&a->sasl);
		if (!front_rate(&s->front, FRONT_AUTHS,
			smtpd_conf->client_auth_rate_limit)) {
			smtpd_auth_refuse(s, too_many);
			return;
		}
		step(s, sasl_server_start(&a->sasl, mech, initial.n > 0,
			    slice_trim(initial)));
	}
}
