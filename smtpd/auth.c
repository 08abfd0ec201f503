/* SPDX-License-Identifier: ISC */
#include "smtpd/auth.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "front/sasl.h"
#include "front/session.h"
#include "ipc/auth.h"
#include "log/log.h"
#include "sasl/server.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/metrics.h"
#include "smtpd/protocol.h"

struct smtpd_auth {
	struct smtpd_session *session;
	struct front_sasl sasl;
};

static struct smtpd_session *
session_of(struct front_sasl *a)
{
	return OUTER(a, struct smtpd_auth, sasl)->session;
}

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

static unsigned
mechs(const struct smtpd_session *s)
{
	return front_sasl_offered(
	    &s->front, &smtpd_conf->shared.sasl_mechanisms);
}

void
smtpd_auth_announce(const struct smtpd_session *s, struct buf *out)
{
	const size_t from = out->n + sizeof "250-AUTH" - 1;

	if (!offered(s))
		return;
	buf_adds(out, "250-AUTH");
	sasl_mech_list(mechs(s), " ", out);
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
	front_sasl_fini(&a->sasl);
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
	log_info("smtpd.auth-failed", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip),
	    kv_slice("login", front_sasl_login(&s->auth->sasl)),
	    kv_s("why", why));
}

/* ---- what auth says ---- */

static void
succeed(struct smtpd_session *s, struct slice account)
{
	s->login = xslicedup(account);
	s->mechanism = s->auth->sasl.mechanism;
	log_info("smtpd.auth-ok", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("account", s->login),
	    kv_s("mechanism", s->auth->sasl.mechanism));
	smtpd_count(SMTPD_COUNT_auth_ok, 1);
	smtpd_auth_free(&s->auth);
	smtpd_reply(s, "235 2.7.0 Authentication successful");
	smtpd_session_mode(s, SMTPD_LINES);
}

static void
on_done(struct front_sasl *a, enum auth_result result, struct slice account,
    struct slice ticket)
{
	struct smtpd_session *s = session_of(a);

	(void)ticket;
	switch (result) {
	case AUTH_OK:
		succeed(s, account);
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

/* ---- the exchange ---- */

static void
on_wait(struct front_sasl *a)
{
	smtpd_session_mode(session_of(a), SMTPD_WAIT);
}

static void
on_challenge(struct front_sasl *a, struct slice base64)
{
	struct smtpd_session *s = session_of(a);

	smtpd_session_mode(s, SMTPD_AUTH);
	smtpd_replyf(s, "334 %.*s", SLICE_FMT(base64));
}

static void
on_malformed(struct front_sasl *a, bool cancelled)
{
	smtpd_auth_refuse(session_of(a),
	    cancelled ? "501 5.7.0 Authentication aborted"
		      : "501 5.5.2 Invalid authentication response");
}

static const struct front_sasl_ops ops = {
	.wait = on_wait,
	.challenge = on_challenge,
	.done = on_done,
	.malformed = on_malformed,
};

void
smtpd_auth_line(struct smtpd_session *s, struct slice line)
{
	s->front.secret = true;
	front_sasl_line(&s->auth->sasl, line);
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
	} else if (mech != NULL && !clear_allowed(s)) {
		smtpd_mistake(s, "538 5.7.11 Encryption required for requested "
				 "authentication mechanism");
	} else if (mech == NULL || !sasl_mech_in(mech, mechs(s))) {
		smtpd_mistake(
		    s, "504 5.5.4 Unrecognized authentication mechanism");
	} else {
		s->front.secret = true;
		s->auth = a = xcalloc(1, sizeof *a);
		a->session = s;
		front_sasl_init(
		    &a->sasl, &ops, &s->front, s->protocol->service, mechs(s));
		if (!front_rate(&s->front, FRONT_AUTHS,
			smtpd_conf->client_auth_rate_limit)) {
			smtpd_auth_refuse(s, too_many);
			return;
		}
		front_sasl_start(
		    &a->sasl, mech, initial.n > 0, slice_trim(initial));
	}
}
