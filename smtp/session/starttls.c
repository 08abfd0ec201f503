/* SPDX-License-Identifier: ISC */
#include "smtp/session/starttls.h"

#include "base/buf.h"
#include "base/mem.h"
#include "smtp/route/dane.h"
#include "smtp/route/policy.h"
#include "smtp/session/auth.h"
#include "smtp/session/dialog.h"
#include "smtp/session/result.h"
#include "smtp/session/tlsnote.h"
#include "tls/client.h"
#include "tls/conn.h"
#include "tls/layer.h"

static struct tls_client *client;

int
smtp_starttls_trust(struct buf *pem, bool needed,
    void (*bad)(const struct err *err), struct err *err)
{
	smtp_tlsnote_init();
	client = tls_client_new();
	tls_client_on_bad(client, bad);
	return needed ? tls_client_trust(client, buf_slice(pem), err)
		      : tls_client_trust_later(client, pem, err);
}

void
smtp_starttls_flush(void)
{
	tls_client_forget(client);
}

/* ---- to begin with ---- */

/* What a message with REQUIRETLS asks for is not to be had of this host; if of
 * none, it is reported (RFC 8689 4.2.1). */
static void
fail_requiretls(struct smtp_session *s, const char *why, bool quit)
{
	struct smtp_result r;

	smtp_result_set(&r, JOB_PERMFAIL, "5.7.10",
	    "%s: the message requires verified TLS (REQUIRETLS): %s", s->name,
	    why);
	smtp_session_fail(s, &r, false, quit);
}

/* The host's name came by nothing that could be believed (RFC 8689 4.2.1, step
 * 2).  What is not known yet may be so later. */
static void
fail_misled(struct smtp_session *s)
{
	if (s->target.unnamed_yet)
		smtp_session_fail_temp(s, "4.7.5",
		    "the message requires verified TLS (REQUIRETLS), and the "
		    "MTA-STS policy of the domain cannot be had",
		    true);
	else
		fail_requiretls(s,
		    "neither DNSSEC nor an MTA-STS policy of the domain says "
		    "that it is a host of it",
		    true);
}

static bool
is_by_sts(const struct smtp_session *s)
{
	return s->target.sts_enforce && smtp_policy_is_sts(s);
}

/* Without TLS, or as well as it is now. */
static void
go_on(struct smtp_session *s)
{
	if (s->tls || !smtp_policy_needs_tls(s))
		smtp_auth_begin(s);
	else if (s->target.requiretls)
		fail_requiretls(s, "TLS was not offered", true);
	else
		smtp_session_fail_temp(s, "4.7.4",
		    is_by_sts(s) ? "TLS is required by the MTA-STS policy of "
				   "the domain, but was not offered"
				 : "TLS is required, but was not offered",
		    true);
}

static void
on_dane(struct smtp_session *s, bool known)
{
	/* Not known is not the same as none: an attacker could hide them. */
	if (known) {
		smtp_starttls_begin(s);
		return;
	}
	smtp_tlsnote_no_dnssec(s);
	smtp_session_fail_temp(
	    s, "4.7.5", "TLSA records cannot be looked up", true);
}

void
smtp_starttls_begin(struct smtp_session *s)
{
	if (smtp_policy_asks_dane(s)) {
		smtp_session_enter(s, SMTP_TLSA);
		smtp_dane_ask(s, on_dane);
		return;
	}
	if (smtp_policy_forbids(s)) {
		smtp_tlsnote_forbidden(s);
		smtp_session_fail_temp(s, "4.7.5",
		    "it is none of the hosts of the domain's MTA-STS policy",
		    true);
		return;
	}
	if (smtp_policy_misleads(s)) {
		fail_misled(s);
		return;
	}
	if (!s->tls && s->target.waived)
		smtp_tlsnote_waived(s);
	if (s->tls || smtp_policy(s) == TLS_POLICY_NONE) {
		go_on(s);
		return;
	}
	if ((s->caps.set & SMTP_CAP_STARTTLS) == 0) {
		smtp_tlsnote_no_starttls(s);
		go_on(s);
		return;
	}
	stream_write(&s->stream, SLICE("STARTTLS\r\n"));
	smtp_session_enter(s, SMTP_STARTTLS);
}

/* ---- TLS ---- */

static void
on_tls(struct stream *stream)
{
	struct smtp_session *s = OUTER(stream, struct smtp_session, stream);
	struct tls_facts facts;

	if (s->dead || !tls_layer_facts(stream, &facts))
		return;
	s->tls = true;
	smtp_tlsnote_established(s, &facts);
	smtp_session_hello(s);
}

static enum tls_verify
verification(enum tls_policy_level p)
{
	switch (p) {
	case TLS_POLICY_VERIFY:
		return TLS_VERIFY_HOST;
	case TLS_POLICY_DANE:
		return TLS_VERIFY_DANE;
	case TLS_POLICY_NONE:
	case TLS_POLICY_MAY:
	case TLS_POLICY_ENCRYPT:
		break;
	}
	return TLS_VERIFY_NONE;
}

/* With records of which none is usable TLS is due, but not who is there (RFC
 * 7672 2.2); REQUIRETLS asks for that all the same (RFC 8689 4.2.1). */
static bool
apply_dane(struct smtp_session *s)
{
	struct tls_conn *conn = tls_layer_conn(&s->stream);

	if (smtp_dane_apply(s->dane, conn) > 0)
		return true;
	if (s->target.requiretls)
		return false;
	tls_conn_verify_none(conn);
	return true;
}

/* What the handshake depends on, for the session's key: who the host is taken
 * for, and by what he is verified. */
static void
allow_resumption(struct smtp_session *s, enum tls_policy_level p)
{
	char target[SMTP_TARGET_KEY];
	struct buf key = { .max = SIZE_MAX / 2 };

	smtp_target_key(&s->target, target);
	buf_addf(&key, "%s %d ", target, (int)p);
	if (p == TLS_POLICY_DANE)
		buf_add(&key, smtp_dane_records(s->dane));
	s->resumes =
	    tls_conn_resume(tls_layer_conn(&s->stream), buf_slice(&key));
	buf_fini(&key);
}

/* The connection as P wants it; false and ERR when it cannot be. */
static bool
prepare(struct smtp_session *s, enum tls_policy_level p, struct err *err)
{
	const struct slice match = slice_str(s->target.match);

	if (tls_layer_connect(
		&s->stream, client, s->target.host, verification(p), err) == -1)
		return false;
	if (p == TLS_POLICY_DANE && !apply_dane(s)) {
		err_set_code(
		    err, ERR_PERM, ERR_CANNOT, "no usable TLSA record");
		return false;
	}
	/* RFC 8689 asks for the host's own name, unless we know who he is. */
	if (p == TLS_POLICY_VERIFY && match.n > 0 &&
	    (!s->target.requiretls || s->target.auth != 0) &&
	    tls_conn_match(tls_layer_conn(&s->stream), match, err) == -1)
		return false;
	allow_resumption(s, p);
	return true;
}

void
smtp_starttls_reply(struct smtp_session *s)
{
	const enum tls_policy_level p = smtp_policy(s);
	struct err err;

	if (s->reply.code != 220) {
		if (smtp_policy_needs_tls(s))
			smtp_session_fail_reply(s);
		else
			smtp_auth_begin(s);
		return;
	}
	if (!prepare(s, p, &err)) {
		if (s->target.requiretls && err.code == ERR_CANNOT)
			fail_requiretls(s, err.text, false);
		else
			smtp_starttls_failed(s, err.text);
		return;
	}
	tls_layer_on_done(&s->stream, on_tls);
	smtp_session_enter(s, SMTP_HANDSHAKE);
}

void
smtp_starttls_failed(struct smtp_session *s, const char *why)
{
	struct smtp_result r;
	const bool needed = smtp_policy_needs_tls(s);
	const struct tls_conn *conn = tls_layer_conn(&s->stream);

	if (*tls_layer_error(&s->stream) != '\0')
		why = tls_layer_error(&s->stream);
	smtp_tlsnote_failed(s, why);
	/* A host that chokes on a session of before may be well with a new one;
	 * that of before was given out, and is not there again. */
	if (s->resumes || !needed) {
		smtp_session_reopen(s, !s->resumes);
		return;
	}
	if (s->target.requiretls && conn != NULL &&
	    tls_conn_is_untrusted(conn)) {
		fail_requiretls(s, why, false);
		return;
	}
	smtp_result_set(&r, JOB_TEMPFAIL, "4.7.5", "%s: STARTTLS: %s%s",
	    s->name, why,
	    is_by_sts(s) ? " (required by the MTA-STS policy of the domain)"
			 : "");
	smtp_session_fail(s, &r, false, false);
}
