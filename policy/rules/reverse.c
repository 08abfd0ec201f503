/* SPDX-License-Identifier: ISC */
#include "origin/reverse.h"

#include "origin/rules.h"
#include "policy/parts.h"
#include "policy/rules/rules.h"
#include "policy/rules/wants.h"
#include "policy/session.h"

void
reverse_want(struct policy_question *q)
{
	struct reverse_verdict r;

	if (q->facts.has_ip)
		(void)reverse_check(q->facts.ip, &q->session->answers, &r);
}

bool
reverse_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct origin_client c = policy_parts_client(&q->facts);

	return origin_reverse(&c, &q->session->answers, &q->arena, v);
}
