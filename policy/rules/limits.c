/* SPDX-License-Identifier: ISC */
/* Limits: what is within all of them counts, what is beyond one counts for
 * none.  Those by login are for who has logged in, the others for strangers.
 *
 * A login that is beyond a limit that holds is held (policy/held.h): that, and
 * what such a limit counts, is looked at once for a message, at DATA. */
#include "policy/limits.h"

#include "base/buf.h"
#include "ev/loop.h"
#include "log/log.h"
#include "policy/conf.h"
#include "policy/country.h"
#include "policy/held.h"
#include "policy/heldtell.h"
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

/* Does it hold all mail of who is beyond it? */
static bool
holds_login(const struct policy_limit *l)
{
	return l->key == POLICY_LIMIT_LOGIN && l->action == POLICY_HOLD;
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
		[POLICY_LIMIT_NETWORKS] = POLICY_DATA,
		[POLICY_LIMIT_COUNTRIES] = POLICY_DATA,
	};

	if (holds_login(l) && l->what != POLICY_LIMIT_BYTES)
		return POLICY_DATA;
	return stages[l->what];
}

/* When it is asked: also as soon as can be, of what was before. */
static unsigned
stages_of(const struct policy_limit *l)
{
	const unsigned when = 1U << stage_of(l);

	if (l->what == POLICY_LIMIT_BYTES && !holds_login(l))
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
		if (stranger != (l[i].key == POLICY_LIMIT_LOGIN))
			stages |= stages_of(&l[i]) |
				  (holds_login(&l[i]) ? 1U << POLICY_DATA : 0);
	return stages;
}

/* Where the login sends from; empty: that is not known. */
static struct slice
place_of(const struct policy_limit *l, const struct policy_facts *f)
{
	return l->what == POLICY_LIMIT_COUNTRIES ? f->country
						 : policy_parts_net(f);
}

/* How much more it is of L; 0: nothing that L counts. */
static int64_t
amount_of(const struct policy_limit *l, const struct policy_facts *f)
{
	switch (l->what) {
	case POLICY_LIMIT_BYTES:
		return f->size > 0 ? f->size : 1;
	case POLICY_LIMIT_RECIPIENTS:
		return f->stage == POLICY_DATA ? f->nrcpts : 1;
	case POLICY_LIMIT_NETWORKS:
	case POLICY_LIMIT_COUNTRIES:
		return place_of(l, f).n > 0 &&
		       !policy_limit_seen(
			   l, value_of(l, f), place_of(l, f), ev_now_ms());
	case POLICY_LIMIT_MESSAGES:
	case POLICY_LIMIT_SESSIONS:
	case POLICY_LIMIT_FAILURES:
	case POLICY_LIMIT_WHAT_COUNT:
		break;
	}
	return 1;
}

static bool
is_asked(const struct policy_limit *l, const struct policy_facts *f)
{
	return (stages_of(l) & 1U << f->stage) != 0 && value_of(l, f).n > 0 &&
	       amount_of(l, f) > 0;
}

static void
count_for(const struct policy_limit *l, const struct policy_facts *f)
{
	const struct slice value = value_of(l, f);

	if (value.n == 0)
		return;
	policy_limit_count(l, value, amount_of(l, f), ev_now_ms());
	if (policy_limit_of_places(l) && place_of(l, f).n > 0)
		policy_limit_see(l, value, place_of(l, f), ev_now_ms());
}

static void
count(const struct policy_facts *f)
{
	const struct policy_limit *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (stage_of(&l[i]) == f->stage)
			count_for(&l[i], f);
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

/* What is only told, and places, with how many there were. */
static void
tell(const struct policy_limit *l, const struct policy_facts *f)
{
	const struct slice value = value_of(l, f);

	if (l->action != POLICY_ACCEPT && !policy_limit_of_places(l))
		return;
	log_info("policy.rate-exceeded", kv_slice("sid", f->sid),
	    kv_slice("client", f->client), kv_slice("login", f->login),
	    kv_slice("limit", l->word),
	    kv_i("count",
		policy_limit_used(l, value, ev_now_ms()) + amount_of(l, f)),
	    f->country.n > 0 ? kv_slice("country", f->country)
			     : (struct kv){ .key = NULL });
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

/* The limit that decides; NULL: all have room. */
static const struct policy_limit *
ask_limits(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const struct policy_limit *by = NULL, *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++) {
		if (!is_asked(&l[i], f) ||
		    policy_limit_has_room(&l[i], value_of(&l[i], f),
			amount_of(&l[i], f), ev_now_ms()))
			continue;
		tell(&l[i], f);
		if (l[i].action > v->action)
			by = &l[i];
		say(q, &l[i], v);
	}
	return by;
}

/* Of a login whose mail is held; one that the table access accepts has been
 * decided about. */
static bool
say_held(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	struct policy_held *h =
	    f->login.n > 0 && !f->accepted ? policy_held_find(f->login) : NULL;

	if (f->stage != POLICY_DATA || policy_conf->rates != POLICY_ENFORCE ||
	    h == NULL)
		return false;
	count(f);
	policy_heldtell_again(h, f->client);
	v->action = POLICY_HOLD;
	v->why = SLICE("the login is held");
	return true;
}

/* Is there a limit of countries that looks at it now? */
static bool
needs_country(const struct policy_facts *f)
{
	const struct policy_limit *l;
	size_t n;

	l = policy_limits(&n);
	for (size_t i = 0; i < n; i++)
		if (l[i].what == POLICY_LIMIT_COUNTRIES &&
		    stage_of(&l[i]) == f->stage && f->has_ip &&
		    value_of(&l[i], f).n > 0)
			return true;
	return false;
}

bool
limits_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const struct policy_limit *by;

	if (needs_country(f) && !policy_country_known(q))
		return false;
	if (say_held(q, v))
		return true;
	by = ask_limits(q, v);
	if (!policy_verdict_ends(v))
		count(f);
	if (by != NULL && holds_login(by) &&
	    policy_conf->rates == POLICY_ENFORCE)
		policy_heldtell_hold(f->login, by->word, f->client);
	return true;
}

void
limits_failed(const struct policy_facts *f)
{
	if (policy_conf->rates != POLICY_OFF)
		count(f);
}
