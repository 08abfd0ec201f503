/* SPDX-License-Identifier: ISC */
#include "policy/apply.h"

#include "log/log.h"
#include "policy/metrics.h"
#include "policy/session.h"

/* What refuses nobody is logged once for a transaction, not for each recipient;
 * DATA is asked about once anyway, maybe without a MAIL before it. */
static bool
was_told(const struct policy_question *q, const struct policy_rule *r)
{
	const uint32_t bit = 1U << (r - policy_rules);
	const bool was = (q->session->told & bit) != 0;

	q->session->told |= bit;
	return was && q->facts.stage != POLICY_DATA;
}

void
policy_apply(struct policy_question *q, const struct policy_rule *r,
    const struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const enum policy_mode mode = policy_rule_mode(r);

	policy_metrics_verdict(r, v->action, mode);
	if (mode == POLICY_ENFORCE && v->action > q->verdict.action)
		q->by = r;
	if (mode == POLICY_ENFORCE)
		policy_verdict_merge(&q->verdict, v);
	if (v->action == POLICY_ACCEPT ||
	    ((mode == POLICY_WARN || !policy_verdict_ends(v)) &&
		was_told(q, r)))
		return;
	log_info("policy.verdict", kv_slice("sid", f->sid),
	    kv_slice("qid", f->qid), kv_slice("client", f->client),
	    kv_s("stage", policy_stage_name(f->stage)), kv_s("rule", r->name),
	    kv_s("action", policy_action_name(v->action)),
	    kv_s("mode", policy_mode_name(mode)), kv_slice("from", f->sender),
	    kv_slice("to", f->rcpt), kv_slice("why", v->why));
}
