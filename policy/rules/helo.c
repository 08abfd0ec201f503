/* SPDX-License-Identifier: ISC */
/* Rules about HELO and EHLO. */
#include "origin/helo.h"

#include "origin/rules.h"
#include "policy/parts.h"
#include "policy/rules/rules.h"
#include "policy/rules/wants.h"
#include "policy/session.h"

bool
helo_name_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct origin_client c = policy_parts_client(&q->facts);

	origin_helo_name(&c, v);
	return true;
}

bool
helo_own_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct origin_client c = policy_parts_client(&q->facts);

	origin_helo_own(&c, v);
	return true;
}

bool
helo_literal_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct origin_client c = policy_parts_client(&q->facts);

	origin_helo_literal(&c, v);
	return true;
}

void
helo_dns_want(struct policy_question *q)
{
	enum found found;

	(void)helo_resolves(q->facts.helo, &q->session->answers, &found);
}

bool
helo_dns_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct origin_client c = policy_parts_client(&q->facts);

	return origin_helo_dns(&c, &q->session->answers, v);
}
