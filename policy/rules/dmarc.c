/* SPDX-License-Identifier: ISC */
/*
 * At the end of a message: DKIM, ARC and DMARC, with what SPF has found at
 * MAIL. Authentication-Results is put in front whatever the result and the
 * mode, so that a field without ours is never the only one.
 */
#include "dkim/message.h"
#include "mailauth/rules.h"
#include "mime/header.h"
#include "policy/auth.h"
#include "policy/conf.h"
#include "policy/report.h"
#include "policy/rules/rules.h"
#include "policy/session.h"

static struct policy_auth *
begin(struct policy_question *q)
{
	const struct policy_facts *f = &q->facts;
	const struct policy_auth_about about = {
		.ip = f->has_ip ? f->ip : NULL,
		.helo = f->helo,
		.sender = f->sender,
		.hostname = slice_str(policy_conf->shared.hostname),
		.spf = q->session->mail_memory[POLICY_RULE_spf],
		.message = q->message,
	};

	return policy_auth_new(&about);
}

static bool
is_report(const struct policy_question *q)
{
	struct header_field f;

	return header_find(buf_slice(&q->message->header), "Subject", &f) &&
	       slice_istarts(slice_trim(f.value), SLICE("Report Domain:"));
}

/* What is not done is a reason only where there was something to be done. */
static void
report(const struct policy_question *q, enum mailauth_exemption exemption)
{
	static const enum report_reason reasons[] = {
		[MAILAUTH_APPLIES] = REPORT_NO_REASON,
		[MAILAUTH_EXEMPT_HOST] = REPORT_TRUSTED_FORWARDER,
		[MAILAUTH_EXEMPT_SEALER] = REPORT_TRUSTED_FORWARDER,
		[MAILAUTH_EXEMPT_DOMAIN] = REPORT_LOCAL_POLICY,
	};
	struct policy_reported told = {
		.client = q->facts.client,
		.sender = q->facts.sender,
		.action = mailauth_asked(policy_auth_verdict(q->auth)),
	};

	if (!policy_conf->shared.dmarc_reports || !q->facts.has_ip)
		return;
	if (told.action != POLICY_ACCEPT) {
		told.reason = reasons[exemption];
		told.comment = mailauth_exemption_text(exemption);
		if (told.reason == REPORT_NO_REASON &&
		    policy_conf->dmarc != POLICY_ENFORCE)
			told.reason = REPORT_LOCAL_POLICY;
	}
	told.is_report = is_report(q);
	policy_report_tell(q->auth, &told);
}

bool
dmarc_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct mailauth_terms terms = {
		.exempt_hosts = &policy_conf->dmarc_exempt_hosts,
		.exempt_domains = &policy_conf->dmarc_exempt_domains,
		.sealers = &policy_conf->trusted_arc_sealers,
		.defer = policy_conf->dns_failure == POLICY_DNS_DEFER,
	};

	if (q->message == NULL) /* the rule was off when it came */
		return true;
	if (q->auth == NULL)
		q->auth = begin(q);
	if (!policy_auth_check(q->auth, &q->session->answers))
		return false;
	policy_auth_put_field(
	    q->auth, slice_str(policy_conf->shared.hostname), &q->front);
	policy_auth_log(q->auth, q->facts.sid, q->facts.qid);
	report(q, mailauth_dmarc_rule(policy_auth_verdict(q->auth),
		      q->facts.client, &terms, &q->arena, v));
	return true;
}
