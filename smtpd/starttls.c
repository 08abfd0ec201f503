/* SPDX-License-Identifier: ISC */
#include "smtpd/starttls.h"

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "certs/certs.h"
#include "ev/stream.h"
#include "log/log.h"
#include "smtpd/metrics.h"
#include "smtpd/received.h"
#include "smtpd/session.h"
#include "tls/conn.h"
#include "tls/layer.h"

bool
smtpd_starttls_offered(const struct smtpd_session *s)
{
	return !s->local && s->stream.layer == NULL && certs_server() != NULL;
}

static void
on_done(struct stream *st)
{
	struct smtpd_session *s = OUTER(st, struct smtpd_session, stream);
	struct tls_facts facts;

	if (!tls_layer_facts(st, &facts))
		return;
	log_info("smtpd.tls", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("version", facts.version), kv_s("cipher", facts.cipher),
	    kv_s("sni", facts.sni), kv_u("resumed", facts.resumed));
	smtpd_count(SMTPD_COUNT_tls_sessions, 1);
}

void
smtpd_starttls_begin(struct smtpd_session *s)
{
	struct tls_server *server = certs_server();
	struct err err = { 0 };

	if (s->mode == SMTPD_CLOSING)
		return;
	s->starting_tls = false;
	/* RFC 3207 4.2 and 6: who sent more behind STARTTLS, or had it sent in
	 * his name, is not listened to. */
	if (server == NULL ||
	    tls_layer_accept(&s->stream, server, &err) == -1) {
		log_info("smtpd.tls-failed", kv_s("sid", s->sid),
		    kv_s("client", s->ip),
		    kv_s("why", server != NULL ? err.text : "no certificate"));
		smtpd_count(SMTPD_COUNT_tls_failures, 1);
		smtpd_hangup(s, "4.7.0", "TLS cannot begin");
		return;
	}
	tls_layer_on_done(&s->stream, on_done);
	smtpd_session_forget(s);
	/* Whatever comes from here on has come through TLS. */
	s->tls = true;
	smtpd_session_mode(s, SMTPD_LINES);
}

void
smtpd_starttls_command(struct smtpd_session *s, struct slice args)
{
	(void)args;
	if (s->stream.layer != NULL) {
		smtpd_mistake(s, "503 5.5.1 TLS has begun already");
	} else if (!smtpd_starttls_offered(s)) {
		smtpd_mistake(s, "454 4.7.0 TLS is not available");
	} else if (s->more) {
		log_info("smtpd.tls-failed", kv_s("sid", s->sid),
		    kv_s("client", s->ip),
		    kv_s("why", "input behind STARTTLS"));
		smtpd_count(SMTPD_COUNT_tls_failures, 1);
		smtpd_hangup(s, "4.7.0", "Nothing may stand behind STARTTLS");
	} else {
		smtpd_reply(s, "220 2.0.0 Begin TLS");
		s->starting_tls = true;
		smtpd_session_mode(s, SMTPD_WAIT);
		stream_want_drain(&s->stream);
	}
}

void
smtpd_starttls_ended(const struct smtpd_session *s, bool failed)
{
	const char *why = tls_layer_error(&s->stream);
	struct tls_facts facts;

	if (!s->tls || tls_layer_facts(&s->stream, &facts) ||
	    (!failed && *why == '\0'))
		return;
	log_info("smtpd.tls-failed", kv_s("sid", s->sid), kv_s("client", s->ip),
	    kv_s("why", why));
	smtpd_count(SMTPD_COUNT_tls_failures, 1);
}

void
smtpd_starttls_trace(const struct smtpd_session *s, struct smtpd_trace *trace)
{
	struct tls_facts facts;

	if (!tls_layer_facts(&s->stream, &facts))
		return;
	trace->tls = facts.version;
	trace->cipher = facts.cipher;
	trace->cipher_bits = facts.bits;
}
