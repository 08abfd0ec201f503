/* SPDX-License-Identifier: ISC */
/*
 * At the end of a message: is From written to be taken for somebody else's?
 * Looked at once for all three rules.
 */
#include "dkim/message.h"
#include "mailauth/lookalike.h"
#include "mailauth/rules.h"
#include "policy/conf.h"
#include "policy/rules/rules.h"
#include "policy/session.h"

static const struct lookalike *
look(struct policy_question *q)
{
	static const struct lookalike nothing;
	struct lookalike *found;

	if (q->message == NULL) /* the rules were off when it came */
		return &nothing;
	if (q->lookalike == NULL) {
		found = arena_new(&q->arena, struct lookalike);
		if (q->message->too_large)
			lookalike_unseen(found);
		else
			lookalike_find(buf_slice(&q->message->header),
			    &policy_conf->shared.domains, &q->arena, found);
		q->lookalike = found;
	}
	return q->lookalike;
}

static void
say(struct policy_question *q, struct slice why, struct policy_verdict *v)
{
	mailauth_from_rule(
	    why, policy_conf->from_action == POLICY_FROM_REJECT, &q->arena, v);
}

bool
from_own_rule(struct policy_question *q, struct policy_verdict *v)
{
	say(q, look(q)->own, v);
	return true;
}

bool
from_other_rule(struct policy_question *q, struct policy_verdict *v)
{
	say(q, look(q)->other, v);
	return true;
}

bool
from_disguised_rule(struct policy_question *q, struct policy_verdict *v)
{
	say(q, look(q)->disguised, v);
	return true;
}
