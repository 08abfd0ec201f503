/* SPDX-License-Identifier: ISC */
#include "origin/reverse.h"

#include "base/buf.h"
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
	const struct policy_facts *f = &q->facts;
	struct buf text = { .max = 400 };
	struct reverse_verdict r;

	if (!f->has_ip)
		return true;
	if (!reverse_check(f->ip, &q->session->answers, &r))
		return false;
	if (r.result == REVERSE_PASS)
		return true;
	v->why = slice_str(reverse_result_name(r.result));
	if (r.result == REVERSE_TEMPERROR) {
		v->action = POLICY_DEFER;
		v->enhanced = "4.7.25"; /* RFC 7372 */
		v->text = SLICE("The name of your address cannot be found, try "
				"again later");
		return true;
	}
	v->action = POLICY_REFUSE;
	v->enhanced = "5.7.25";
	if (r.result == REVERSE_NONE)
		buf_addf(&text, "The address %.*s has no name (PTR)",
		    SLICE_FMT(f->client));
	else
		buf_addf(&text,
		    "The address %.*s has the name %.*s, which has another "
		    "address",
		    SLICE_FMT(f->client), SLICE_FMT(r.name));
	v->text = arena_slice(&q->arena, buf_slice(&text));
	buf_fini(&text);
	return true;
}
