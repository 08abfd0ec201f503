/* SPDX-License-Identifier: ISC */
/*
 * At the end of a message: DKIM, ARC and DMARC, with what SPF has found at
 * MAIL. Authentication-Results is put in front whatever the result and the
 * mode, so that a field without ours is never the only one.
 */
#include "mailauth/rules.h"
#include "policy/auth.h"
#include "policy/conf.h"
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
	mailauth_dmarc_rule(policy_auth_verdict(q->auth), q->facts.client,
	    &terms, &q->arena, v);
	return true;
}
