/* SPDX-License-Identifier: ISC */
#include "login/starttls.h"

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "certs/certs.h"
#include "ev/stream.h"
#include "log/log.h"
#include "login/metrics.h"
#include "login/session.h"
#include "tls/conn.h"
#include "tls/layer.h"

bool
login_tls_offered(const struct login_session *s)
{
	return s->stream.layer == NULL && certs_server() != NULL;
}

bool
login_clear_allowed(const struct login_session *s)
{
	return s->stream.layer != NULL || s->cleartext;
}

static void
on_tls_done(struct stream *st)
{
	struct login_session *s = OUTER(st, struct login_session, stream);
	struct tls_facts facts;

	if (!tls_layer_facts(st, &facts))
		return;
	s->tls = true;
	login_count(LOGIN_COUNT_tls_sessions, 1);
	log_info("login.tls", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("version", facts.version), kv_s("cipher", facts.cipher),
	    kv_s("sni", facts.sni), kv_u("resumed", facts.resumed));
}

bool
login_tls_begin(struct login_session *s)
{
	struct tls_server *server = certs_server();
	struct err err = { .text = "no certificate" };

	if (server != NULL && tls_layer_accept(&s->stream, server, &err) == 0) {
		tls_layer_on_done(&s->stream, on_tls_done);
		login_mode(s, LOGIN_LINES);
		return true;
	}
	log_info("login.tls-failed", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("why", err.text));
	login_count(LOGIN_COUNT_tls_failures, 1);
	return false;
}

void
login_starttls(struct login_session *s)
{
	login_mode(s, LOGIN_TLS);
	stream_want_drain(&s->stream);
}

void
login_tls_ended(const struct login_session *s, bool broken)
{
	const char *why = tls_layer_error(&s->stream);

	if (s->stream.layer == NULL || s->tls || (!broken && *why == '\0'))
		return;
	log_info("login.tls-failed", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("why", why));
	login_count(LOGIN_COUNT_tls_failures, 1);
}
