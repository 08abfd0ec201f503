/* SPDX-License-Identifier: ISC */
/* Limits: what is within all of them counts, what is beyond one counts for
 * none. */
#include "policy/limits.h"

#include "base/buf.h"
#include "ev/loop.h"
#include "policy/parts.h"
#include "policy/rules/limits.h"
#include "policy/rules/rules.h"
#include "policy/session.h"

/* Empty: the limit has nothing to do with the mail. */
static struct slice
value_of(const struct policy_limit *l, const struct policy_facts *f)
{
	switch (l->key) {
	case POLICY_LIMIT_CLIENT:
		return f->has_ip ? slice_of(f->ip, sizeof f->ip) : SLICE("");
	case POLICY_LIMIT_NET:
		return policy_parts_net(f);
	case POLICY_LIMIT_SENDER:
		return f->sender;
	case POLICY_LIMIT_SENDER_DOMAIN:
		return policy_parts_domain(f->sender);
	case POLICY_LIMIT_RECIPIENT:
		return f->rcpt;
	case POLICY_LIMIT_RECIPIENT_DOMAIN:
		return policy_parts_domain(f->rcpt);
	case POLICY_LIMIT_KEY_COUNT:
		break;
	}
	return SLICE("");
}

static bool
is_of_stage(const struct policy_limit *l, enum policy_stage stage)
{
	return l->what == (stage == POLICY_RCPT ? POLICY_LIMIT_RECIPIENTS
						: POLICY_LIMIT_MESSAGES);
}

/* At MAIL also what was refused before. */
static bool
is_asked(const struct policy_limit *l, const struct policy_facts *f)
{
	return (is_of_stage(l, f->stage) || (l->what == POLICY_LIMIT_FAILURES &&
						f->stage == POLICY_MAIL)) &&
	       value_of(l, f).n > 0;
}

static void
refuse(struct policy_question *q, const struct policy_limit *l,
    struct policy_verdict *v)
{
	if (l->action <= v->action)
		return;
	v->action = l->action;
	v->enhanced = l->action == POLICY_REFUSE ? "5.7.1" : "4.7.1";
	v->text = SLICE("Too much mail, try again later");
	v->why = arena_slice(&q->arena, l->word);
}

bool
limits_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const int64_t now_ms = ev_now_ms();
	const struct policy_limit *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (is_asked(&l[i], f) &&
		    !policy_limit_has_room(&l[i], value_of(&l[i], f), now_ms))
			refuse(q, &l[i], v);
	if (v->action != POLICY_ACCEPT)
		return true;
	for (size_t i = 0; i < n; i++)
		if (is_of_stage(&l[i], f->stage) && value_of(&l[i], f).n > 0)
			policy_limit_count(&l[i], value_of(&l[i], f), now_ms);
	return true;
}

void
limits_failed(const struct policy_facts *f)
{
	const struct policy_limit *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (l[i].what == POLICY_LIMIT_FAILURES &&
		    value_of(&l[i], f).n > 0)
			policy_limit_count(
			    &l[i], value_of(&l[i], f), ev_now_ms());
}
