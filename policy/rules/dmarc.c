/* SPDX-License-Identifier: ISC */
/*
 * At the end of a message: DKIM, ARC and DMARC, with what SPF has found at
 * MAIL. Authentication-Results is put in front whatever the result and the
 * mode, so that a field without ours is never the only one.
 */
#include <sys/socket.h>

#include "dkim/message.h"
#include "mime/header.h"
#include "policy/auth.h"
#include "policy/conf.h"
#include "policy/report.h"
#include "policy/rules/rules.h"
#include "policy/session.h"
#include "proto/domain.h"
#include "sys/addr.h"

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
is_listed(const struct conf_list *list, struct slice domain, bool beneath)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct slice one = slice_str(list->v[i]);

		if (domain_same(domain, one) ||
		    (beneath && domain_is_beneath(domain, one)))
			return true;
	}
	return false;
}

/* Why the policy of the author's domain is not applied, for the log and, as it
 * names that, for a report; NULL: it is. */
static const char *
exemption(struct slice text, const struct policy_auth_result *r,
    enum report_reason *reason)
{
	struct addr client;

	*reason = REPORT_NO_REASON;
	if (r->no_author)
		return NULL;
	*reason = REPORT_TRUSTED_FORWARDER;
	if (addr_of_ip(&client, AF_UNSPEC, text, 0) &&
	    conf_nets_match(&policy_conf->dmarc_exempt_hosts, &client))
		return "exempt: dmarc_exempt_hosts";
	if (r->sealer.n > 0 &&
	    is_listed(&policy_conf->trusted_arc_sealers, r->sealer, false))
		return "exempt: trusted_arc_sealers";
	*reason = REPORT_LOCAL_POLICY;
	if (is_listed(&policy_conf->dmarc_exempt_domains, r->author, true))
		return "exempt: dmarc_exempt_domains";
	*reason = REPORT_NO_REASON;
	return NULL;
}

static void
say(struct policy_question *q, const struct policy_auth_result *r,
    enum policy_action action, const char *enhanced, struct policy_verdict *v)
{
	struct buf text = { .max = 512 };

	v->action = action;
	v->enhanced = enhanced;
	if (r->no_author)
		buf_adds(&text, r->why);
	else
		buf_addf(&text, "%.*s: %s (DMARC)",
		    SLICE_FMT(slice_sub(r->author, 0, 255)), r->why);
	v->text = arena_slice(&q->arena, buf_slice(&text));
	buf_fini(&text);
}

static void
decide(struct policy_question *q, const struct policy_auth_result *r,
    struct policy_verdict *v)
{
	switch (r->action) {
	case POLICY_AUTH_ACCEPT:
		return;
	case POLICY_AUTH_QUARANTINE:
		v->action = POLICY_QUARANTINE;
		return;
	case POLICY_AUTH_DEFER:
		if (policy_conf->dns_failure == POLICY_DNS_DEFER)
			say(q, r, POLICY_DEFER, "4.7.1", v);
		return;
	case POLICY_AUTH_REJECT:
		say(q, r, POLICY_REFUSE, r->no_author ? "5.7.1" : "5.7.26", v);
		return;
	}
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
report(const struct policy_question *q, const struct policy_auth_result *r,
    enum report_reason reason, const char *exempt)
{
	struct policy_reported told = {
		.client = q->facts.client,
		.sender = q->facts.sender,
		.action = r->action,
	};

	if (!policy_conf->shared.dmarc_reports || !q->facts.has_ip)
		return;
	if (r->action != POLICY_AUTH_ACCEPT) {
		told.reason = reason;
		told.comment = exempt;
		if (reason == REPORT_NO_REASON &&
		    policy_conf->dmarc != POLICY_ENFORCE)
			told.reason = REPORT_LOCAL_POLICY;
	}
	told.is_report = is_report(q);
	policy_report_tell(q->auth, &told);
}

bool
dmarc_rule(struct policy_question *q, struct policy_verdict *v)
{
	struct policy_auth_result r;
	enum report_reason reason;
	const char *exempt;

	if (q->message == NULL) /* the rule was off when it came */
		return true;
	if (q->auth == NULL)
		q->auth = begin(q);
	if (!policy_auth_check(q->auth, &q->session->answers))
		return false;
	policy_auth_put_field(
	    q->auth, slice_str(policy_conf->shared.hostname), &q->front);
	policy_auth_log(q->auth, q->facts.sid, q->facts.qid);
	r = policy_auth_result(q->auth);
	exempt = exemption(q->facts.client, &r, &reason);
	report(q, &r, reason, exempt);
	v->why = slice_str(exempt != NULL ? exempt : r.why);
	if (exempt == NULL)
		decide(q, &r, v);
	return true;
}
