/* SPDX-License-Identifier: ISC */
/* Limits: what is within all of them counts, what is beyond one counts for
 * none.  Those by login are for who has logged in, the others for strangers. */
#include "policy/limits.h"

#include "base/buf.h"
#include "ev/loop.h"
#include "policy/conf.h"
#include "policy/parts.h"
#include "policy/rules/limits.h"
#include "policy/rules/rules.h"
#include "policy/session.h"

/* Empty: the limit has nothing to do with the mail. */
static struct slice
value_of(const struct policy_limit *l, const struct policy_facts *f)
{
	if (l->key != POLICY_LIMIT_LOGIN && !policy_facts_stranger(f))
		return SLICE("");
	switch (l->key) {
	case POLICY_LIMIT_CLIENT:
		return f->has_ip ? slice_of(f->ip, sizeof f->ip) : SLICE("");
	case POLICY_LIMIT_NET:
		return policy_parts_net(f);
	case POLICY_LIMIT_SENDER:
		return f->sender;
	case POLICY_LIMIT_SENDER_DOMAIN:
		return policy_parts_domain(f->sender);
	case POLICY_LIMIT_LOGIN:
		return f->accepted ? SLICE("") : f->login;
	case POLICY_LIMIT_RECIPIENT:
		return f->rcpt;
	case POLICY_LIMIT_RECIPIENT_DOMAIN:
		return policy_parts_domain(f->rcpt);
	case POLICY_LIMIT_KEY_COUNT:
		break;
	}
	return SLICE("");
}

/* When it is counted. */
static enum policy_stage
stage_of(const struct policy_limit *l)
{
	static const enum policy_stage stages[POLICY_LIMIT_WHAT_COUNT] = {
		[POLICY_LIMIT_MESSAGES] = POLICY_MAIL,
		[POLICY_LIMIT_RECIPIENTS] = POLICY_RCPT,
		[POLICY_LIMIT_BYTES] = POLICY_MESSAGE,
		[POLICY_LIMIT_SESSIONS] = POLICY_CONNECT,
		[POLICY_LIMIT_FAILURES] = POLICY_FAILED,
	};

	return stages[l->what];
}

/* When it is asked: also as soon as can be, of what was before. */
static unsigned
stages_of(const struct policy_limit *l)
{
	const unsigned when = 1U << stage_of(l);

	if (l->what == POLICY_LIMIT_BYTES)
		return when | 1U << POLICY_MAIL;
	if (l->what == POLICY_LIMIT_FAILURES &&
	    (l->key == POLICY_LIMIT_CLIENT || l->key == POLICY_LIMIT_NET))
		return when | 1U << POLICY_MAIL | 1U << POLICY_CONNECT;
	return l->what == POLICY_LIMIT_FAILURES ? when | 1U << POLICY_MAIL
						: when;
}

unsigned
limits_stages(bool stranger)
{
	const struct policy_limit *l;
	unsigned stages = 0;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (stranger || l[i].key == POLICY_LIMIT_LOGIN)
			stages |= stages_of(&l[i]);
	return stages;
}

static bool
is_asked(const struct policy_limit *l, const struct policy_facts *f)
{
	return (stages_of(l) & 1U << f->stage) != 0 && value_of(l, f).n > 0;
}

static int64_t
amount_of(const struct policy_limit *l, const struct policy_facts *f)
{
	return l->what == POLICY_LIMIT_BYTES && f->size > 0 ? f->size : 1;
}

static void
count(const struct policy_facts *f)
{
	const struct policy_limit *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (stage_of(&l[i]) == f->stage && value_of(&l[i], f).n > 0)
			policy_limit_count(&l[i], value_of(&l[i], f),
			    amount_of(&l[i], f), ev_now_ms());
}

static struct slice
text_of(const struct policy_limit *l)
{
	if (l->what == POLICY_LIMIT_SESSIONS)
		return SLICE("Too many connections, try again later");
	if (l->what == POLICY_LIMIT_FAILURES)
		return SLICE("Too many refused commands, try again later");
	return SLICE("Too much mail, try again later");
}

static void
say(struct policy_question *q, const struct policy_limit *l,
    struct policy_verdict *v)
{
	if (l->action <= v->action)
		return;
	v->action = l->action;
	v->enhanced = l->action == POLICY_REFUSE ? "5.7.1" : "4.7.1";
	v->text = text_of(l);
	v->why = arena_slice(&q->arena, l->word);
}

bool
limits_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const struct policy_limit *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (is_asked(&l[i], f) &&
		    !policy_limit_has_room(&l[i], value_of(&l[i], f),
			amount_of(&l[i], f), ev_now_ms()))
			say(q, &l[i], v);
	if (!policy_verdict_ends(v))
		count(f);
	return true;
}

void
limits_failed(const struct policy_facts *f)
{
	if (policy_conf->rates != POLICY_OFF)
		count(f);
}
