/* SPDX-License-Identifier: ISC */
#include "smtp/session/tlsnote.h"

#include "log/log.h"
#include "log/metric.h"
#include "smtp/route/policy.h"
#include "smtp/route/route.h"
#include "smtp/route/tlsresult.h"
#include "smtp/session/dialog.h"
#include "tls/conn.h"
#include "tls/fault.h"
#include "tls/layer.h"

static struct metric handshakes = { .name = "pabal_smtp_tls_sessions",
	.help = "Sessions under TLS." };
static struct metric tls_failures = { .name = "pabal_smtp_tls_failures",
	.help = "TLS handshakes that failed." };
static struct metric resumptions = { .name = "pabal_smtp_tls_resumed",
	.help = "TLS sessions that were resumed." };

static enum smtp_tlsresult_policy
type_of(const struct smtp_session *s)
{
	if (smtp_policy(s) == TLS_POLICY_DANE)
		return SMTP_TLS_BY_TLSA;
	return s->target.sts ? SMTP_TLS_BY_STS : SMTP_TLS_BY_NONE;
}

static void
note(const struct smtp_session *s, enum smtp_tlsresult_type type)
{
	const struct smtp_tlsresult r = { .qid = s->job->qid,
		.domain = smtp_route_domain(s->job),
		.policy = type_of(s),
		.type = type,
		.host = s->name };

	smtp_tlsresult(&r);
}

static enum smtp_tlsresult_type
certificate_result(const struct smtp_session *s)
{
	switch (tls_conn_fault(tls_layer_conn(&s->stream))) {
	case TLS_FAULT_NONE:
		return SMTP_TLS_SUCCESS;
	case TLS_FAULT_NAME:
		return SMTP_TLS_BAD_NAME;
	case TLS_FAULT_EXPIRED:
		return SMTP_TLS_EXPIRED;
	case TLS_FAULT_ISSUER:
		return SMTP_TLS_BAD_ISSUER;
	case TLS_FAULT_OTHER:
		break;
	}
	return SMTP_TLS_INVALID;
}

void
smtp_tlsnote_init(void)
{
	metric_register(&handshakes);
	metric_register(&tls_failures);
	metric_register(&resumptions);
}

void
smtp_tlsnote_established(
    const struct smtp_session *s, const struct tls_facts *facts)
{
	metric_add(&handshakes, 1);
	if (facts->resumed)
		metric_add(&resumptions, 1);
	log_info("smtp.tls", kv_s("host", s->name),
	    kv_s("version", facts->version), kv_s("cipher", facts->cipher),
	    kv_s("verified", facts->verified ? "yes" : facts->unverified),
	    kv_s("resumed", facts->resumed ? "yes" : "no"));
	if (!smtp_policy_is_sts(s))
		note(s, SMTP_TLS_SUCCESS);
	else if (!s->target.sts_host)
		note(s, SMTP_TLS_INVALID);
	else
		note(s, certificate_result(s));
}

void
smtp_tlsnote_failed(const struct smtp_session *s, const char *why)
{
	const struct tls_conn *conn = tls_layer_conn(&s->stream);

	metric_add(&tls_failures, 1);
	log_info("smtp.tls-failed", kv_s("host", s->name), kv_s("why", why));
	if (s->resumes) /* it is attempted again, anew */
		return;
	note(s, conn != NULL && tls_conn_is_untrusted(conn)
		    ? certificate_result(s)
		    : SMTP_TLS_INVALID);
}

void
smtp_tlsnote_forbidden(const struct smtp_session *s)
{
	note(s, SMTP_TLS_INVALID);
}

void
smtp_tlsnote_no_dnssec(const struct smtp_session *s)
{
	note(s, SMTP_TLS_DNSSEC_INVALID);
}

void
smtp_tlsnote_no_starttls(const struct smtp_session *s)
{
	note(s, SMTP_TLS_NO_STARTTLS);
}
