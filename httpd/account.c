/* SPDX-License-Identifier: ISC */
#include "httpd/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "front/sasl.h"
#include "front/session.h"
#include "httpd/conf.h"
#include "httpd/credential.h"
#include "httpd/metrics.h"
#include "httpd/session.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"
#include "ipc/pass.h"
#include "ipc/role.h"
#include "log/log.h"

struct httpd_account {
	struct httpd_session *session;
	httpd_account_then then; /* is told */
	struct front_sasl sasl;
	bool asking; /* sasl is in use */
	bool known;  /* as of since_ms, who says what digest is of */
	int64_t since_ms;
	uint8_t digest[HTTPD_CREDENTIAL_DIGEST];
	unsigned failures;
	struct ipc *peer; /* NULL: none */
};

static const char challenge[] =
    "WWW-Authenticate: Basic realm=\"pabal\", charset=\"UTF-8\"\r\n"
    "WWW-Authenticate: Bearer realm=\"pabal\"\r\n"
    "Cache-Control: no-store\r\n";

void
httpd_account_free(struct httpd_account **p)
{
	struct httpd_account *a = *p;

	*p = NULL;
	if (a == NULL)
		return;
	if (a->asking)
		front_sasl_fini(&a->sasl);
	ipc_hangup(&a->peer);
	explicit_bzero(a->digest, sizeof a->digest);
	free(a);
}

struct ipc *
httpd_account_peer(const struct httpd_session *s)
{
	return s->account != NULL ? s->account->peer : NULL;
}

void
httpd_account_lost(struct httpd_session *s)
{
	if (s->account == NULL)
		return;
	s->account->known = false;
	ipc_hangup(&s->account->peer);
}

void
httpd_account_on_gone(struct ipc *peer)
{
	struct httpd_account *a;

	if (ipc_role(peer) == ROLE_JMAPD && (a = ipc_data(peer)) != NULL &&
	    a->peer == peer)
		httpd_account_lost(a->session);
}

/* ---- what auth says ---- */

static struct httpd_account *
account_of(struct front_sasl *s)
{
	return OUTER(s, struct httpd_account, sasl);
}

static void
refuse(struct httpd_session *s, enum auth_result result)
{
	struct httpd_account *a = s->account;

	httpd_count(HTTPD_COUNT_refused_logins, 1);
	if (++a->failures >= httpd_conf->max_auth_failures)
		s->persists = false;
	switch (result) {
	case AUTH_OK:
	case AUTH_REFUSED:
	case AUTH_RESULTS:
		a->then(s, 401, challenge);
		break;
	case AUTH_DENIED:
		a->then(s, 403, "");
		break;
	case AUTH_LIMITED:
		a->then(s, 429, "Retry-After: 60\r\n");
		break;
	case AUTH_TEMPFAIL:
		a->then(s, 503, "Retry-After: 10\r\n");
		break;
	}
}

static void
on_wait(struct front_sasl *f)
{
	httpd_session_mode(account_of(f)->session, HTTPD_WAIT);
}

/* A mechanism with challenges is none of HTTP's. */
static void
on_challenge(struct front_sasl *f, struct slice base64)
{
	(void)base64;
	f->ops->done(f, AUTH_REFUSED, SLICE(""), SLICE(""));
}

static void
on_malformed(struct front_sasl *f, bool cancelled)
{
	(void)cancelled;
	f->ops->done(f, AUTH_REFUSED, SLICE(""), SLICE(""));
}

static void
log_refused(const struct httpd_account *a, enum auth_result result)
{
	static const char *const words[AUTH_RESULTS] = { "ok", "refused",
		"denied", "limited", "tempfail" };

	log_info("http.login-refused", kv_s("sid", a->session->front.sid),
	    kv_s("client", a->session->front.ip),
	    kv_slice("login", front_sasl_login(&a->sasl)),
	    kv_s("result", words[result]));
}

static void
on_done(struct front_sasl *f, enum auth_result result, struct slice account,
    struct slice ticket)
{
	struct httpd_account *a = account_of(f);
	struct httpd_session *s = a->session;

	if (result == AUTH_OK) {
		a->known = true;
		a->since_ms = ev_now_ms();
		a->failures = 0;
		a->peer = ipc_dial(ROLE_JMAPD, ticket);
		ipc_set_data(a->peer, a);
		log_info("http.login", kv_s("sid", s->front.sid),
		    kv_s("client", s->front.ip), kv_slice("account", account),
		    kv_s("tls", front_tls(&s->front) ? "yes" : "no"));
	} else {
		log_refused(a, result);
	}
	a->asking = false;
	front_sasl_fini(f);
	if (result == AUTH_OK)
		a->then(s, 0, "");
	else
		refuse(s, result);
}

static const struct front_sasl_ops ops = {
	.wait = on_wait,
	.challenge = on_challenge,
	.done = on_done,
	.malformed = on_malformed,
};

/* ---- what the client says ---- */

static void
ask(struct httpd_account *a, struct slice authorization)
{
	struct httpd_credential c;
	const bool ok = httpd_credential_parse(authorization, &c);

	front_sasl_init(&a->sasl, &ops, &a->session->front, "jmap", 0);
	a->asking = true;
	if (!ok)
		on_done(&a->sasl, AUTH_REFUSED, SLICE(""), SLICE(""));
	else if (c.bearer)
		front_sasl_token(&a->sasl, c.secret);
	else
		front_sasl_password(&a->sasl, c.user, c.secret);
	httpd_credential_fini(&c);
}

/* Is it what was right a while ago? */
static bool
is_known(const struct httpd_account *a, const uint8_t *digest)
{
	return a->known && a->peer != NULL &&
	       ev_now_ms() - a->since_ms <
		   httpd_conf->authentication_lifetime &&
	       memcmp(a->digest, digest, sizeof a->digest) == 0;
}

static struct httpd_account *
account_of_session(struct httpd_session *s)
{
	if (s->account == NULL) {
		s->account = xcalloc(1, sizeof *s->account);
		s->account->session = s;
	}
	return s->account;
}

void
httpd_account_ask(struct httpd_session *s, struct slice authorization,
    httpd_account_then then)
{
	struct httpd_account *a = account_of_session(s);
	uint8_t digest[HTTPD_CREDENTIAL_DIGEST];

	a->then = then;
	if (!front_tls(&s->front) && !s->front.cleartext) {
		then(s, 403, "");
		return;
	}
	if (authorization.n == 0) {
		then(s, 401, challenge);
		return;
	}
	httpd_credential_digest(authorization, digest);
	if (is_known(a, digest)) {
		a->then(s, 0, "");
		return;
	}
	a->known = false;
	ipc_hangup(&a->peer);
	memcpy(a->digest, digest, sizeof a->digest);
	if (front_rate(
		&s->front, FRONT_AUTHS, httpd_conf->client_auth_rate_limit))
		ask(a, authorization);
	else
		refuse(s, AUTH_LIMITED);
}
