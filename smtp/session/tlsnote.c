/* SPDX-License-Identifier: ISC */
#include "smtp/session/tlsnote.h"

#include "log/log.h"
#include "log/metric.h"
#include "smtp/route/policy.h"
#include "smtp/session/dialog.h"
#include "smtp/session/tlstell.h"
#include "tls/conn.h"
#include "tls/fault.h"
#include "tls/layer.h"

static struct metric handshakes = { .name = "pabal_smtp_tls_sessions",
	.help = "Sessions under TLS." };
static struct metric tls_failures = { .name = "pabal_smtp_tls_failures",
	.help = "TLS handshakes that failed." };
static struct metric resumptions = { .name = "pabal_smtp_tls_resumed",
	.help = "TLS sessions that were resumed." };

static struct metric waived = { .name = "pabal_smtp_tls_waived",
	.help = "Sessions for which TLSA records or an MTA-STS policy did not "
		"count, because a message said TLS-Required: No." };

static const char no_mx[] = "the MTA-STS policy does not have this host";

static enum report_tls_result
certificate_result(const struct smtp_session *s)
{
	switch (tls_conn_fault(tls_layer_conn(&s->stream))) {
	case TLS_FAULT_NONE:
		return REPORT_TLS_SUCCESS;
	case TLS_FAULT_NAME:
		return REPORT_TLS_BAD_NAME;
	case TLS_FAULT_EXPIRED:
		return REPORT_TLS_EXPIRED;
	case TLS_FAULT_ISSUER:
		return REPORT_TLS_BAD_ISSUER;
	case TLS_FAULT_OTHER:
		break;
	}
	return REPORT_TLS_INVALID;
}

void
smtp_tlsnote_init(void)
{
	metric_register(&handshakes);
	metric_register(&tls_failures);
	metric_register(&resumptions);
	metric_register(&waived);
	smtp_tlstell_init();
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
		smtp_tlstell(s, REPORT_TLS_SUCCESS, "");
	else if (!s->target.sts_host)
		smtp_tlstell(s, REPORT_TLS_INVALID, no_mx);
	else
		smtp_tlstell(s, certificate_result(s),
		    facts->verified ? "" : facts->unverified);
}

void
smtp_tlsnote_failed(const struct smtp_session *s, const char *why)
{
	const struct tls_conn *conn = tls_layer_conn(&s->stream);

	metric_add(&tls_failures, 1);
	log_info("smtp.tls-failed", kv_s("host", s->name), kv_s("why", why));
	if (s->resumes) /* it is attempted again, anew */
		return;
	smtp_tlstell(s,
	    conn != NULL && tls_conn_is_untrusted(conn) ? certificate_result(s)
							: REPORT_TLS_INVALID,
	    why);
}

void
smtp_tlsnote_forbidden(const struct smtp_session *s)
{
	smtp_tlstell(s, REPORT_TLS_INVALID, no_mx);
}

void
smtp_tlsnote_no_dnssec(const struct smtp_session *s)
{
	smtp_tlstell(
	    s, REPORT_TLS_DNSSEC_INVALID, "TLSA records cannot be looked up");
}

void
smtp_tlsnote_no_starttls(const struct smtp_session *s)
{
	smtp_tlstell(s, REPORT_TLS_NO_STARTTLS, "");
}

void
smtp_tlsnote_waived(const struct smtp_session *s)
{
	metric_add(&waived, 1);
	log_info("smtp.tls-waived", kv_slice("qid", s->job->qid),
	    kv_s("host", s->name),
	    kv_s("policy", s->target.sts ? "sts" : "tlsa"));
}
