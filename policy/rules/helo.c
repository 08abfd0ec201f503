/* SPDX-License-Identifier: ISC */
/* Rules about HELO and EHLO; RFC 5321 4.1.4 lets no mail be refused for a name
 * that is not the client's, so none of them compares the two. */
#include "origin/helo.h"

#include "policy/conf.h"
#include "policy/rules/rules.h"
#include "policy/rules/wants.h"
#include "policy/session.h"

static void
refuse(const struct policy_question *q, struct policy_verdict *v,
    struct slice text)
{
	v->action = POLICY_REFUSE;
	v->enhanced = "5.7.1";
	v->text = text;
	v->why = q->facts.helo;
}

bool
helo_name_rule(struct policy_question *q, struct policy_verdict *v)
{
	if (helo_is_no_name(q->facts.helo))
		refuse(q, v, SLICE("HELO: expected the full name of the host"));
	return true;
}

bool
helo_own_rule(struct policy_question *q, struct policy_verdict *v)
{
	if (helo_is_own(q->facts.helo, slice_str(policy_conf->shared.hostname)))
		refuse(q, v, SLICE("HELO: that is the name of this host"));
	return true;
}

bool
helo_literal_rule(struct policy_question *q, struct policy_verdict *v)
{
	if (q->facts.has_ip &&
	    helo_is_other_literal(q->facts.helo, q->facts.ip))
		refuse(q, v, SLICE("HELO: that is not your address"));
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
	enum found found;

	if (!helo_resolves(q->facts.helo, &q->session->answers, &found))
		return false;
	if (found == ABSENT) {
		refuse(q, v, SLICE("HELO: the DNS does not know that name"));
	} else if (found == TEMPFAIL) {
		v->action = POLICY_DEFER;
		v->text = SLICE("HELO: the name cannot be looked up, try again "
				"later");
		v->why = q->facts.helo;
	}
	return true;
}
