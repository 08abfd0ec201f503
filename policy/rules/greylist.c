/* SPDX-License-Identifier: ISC */
/*
 * Greylisting (RFC 6647).  At RCPT who is not known is told to come again; at
 * the end of a message that no rule had anything against, and that a signature
 * vouches for, its network and domain become known.
 *
 * It only delays: where it cannot remember, mail passes.
 */
#include "policy/greylist.h"

#include "base/buf.h"
#include "ev/loop.h"
#include "log/log.h"
#include "policy/auth.h"
#include "policy/conf.h"
#include "policy/parts.h"
#include "policy/rules/dnsbl.h"
#include "policy/rules/greylist.h"
#include "policy/rules/rules.h"
#include "policy/session.h"
#include "spf/spf.h"
#include "sys/clock.h"

enum { TOLD_MS = 3600 * 1000 };

static struct policy_greylist *list;

void
greylist_configure(int dirfd)
{
	struct err err;

	if (policy_conf->greylist == POLICY_OFF || list != NULL)
		return;
	list = policy_greylist_open(
	    dirfd, (uint32_t)policy_conf->greylist_entries, &err);
	if (err.text[0] != '\0')
		log_warn("policy.greylist-lost", kv_s("why", err.text));
}

unsigned
greylist_stages(bool stranger)
{
	(void)stranger;
	return 1U << POLICY_RCPT |
	       (policy_conf->dmarc != POLICY_OFF ? 1U << POLICY_MESSAGE : 0);
}

/* Once an hour. */
static void
tell(const struct err *err)
{
	static int64_t told_until_ms;

	if (told_until_ms > ev_now_ms())
		return;
	told_until_ms = ev_now_ms() + TOLD_MS;
	log_err("policy.greylist-failed", kv_s("why", err->text));
}

static struct policy_greylist_times
times_now(void)
{
	return (struct policy_greylist_times){
		.delay_s = policy_conf->greylist_delay / 1000,
		.wait_s = policy_conf->greylist_wait / 1000,
		.keep_s = policy_conf->greylist_keep / 1000,
	};
}

static struct policy_greylist_mail
mail_of(const struct policy_facts *f)
{
	return (struct policy_greylist_mail){
		.net = policy_parts_net(f),
		.domain = policy_parts_domain(f->sender),
		.rcpt = f->rcpt,
	};
}

static bool
is_known_otherwise(const struct policy_question *q)
{
	const struct spf_verdict *spf =
	    q->session->mail_memory[POLICY_RULE_spf];

	return (spf != NULL && spf->result == SPF_PASS) ||
	       dnsbl_says_good(q->session);
}

static void
defer(struct policy_question *q, int64_t left_s, struct policy_verdict *v)
{
	struct buf text = { .max = 100 };

	buf_addf(
	    &text, "Greylisted, try again in %lld seconds", (long long)left_s);
	v->action = POLICY_DEFER;
	v->enhanced = "4.7.1";
	v->text = arena_slice(&q->arena, buf_slice(&text));
	v->why = v->text;
	buf_fini(&text);
}

static void
ask(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_greylist_times times = times_now();
	const struct policy_greylist_mail mail = mail_of(&q->facts);
	int64_t left_s;
	struct err err;

	if (is_known_otherwise(q))
		return;
	switch (policy_greylist_ask(
	    list, &mail, &times, clock_wall_s(), &left_s, &err)) {
	case POLICY_GREYLIST_WAITS:
		defer(q, left_s, v);
		return;
	case POLICY_GREYLIST_FAILED:
		tell(&err);
		return;
	case POLICY_GREYLIST_PASSES:
		return;
	}
}

static void
learn(const struct policy_question *q)
{
	const struct policy_greylist_times times = times_now();
	const struct policy_greylist_mail mail = mail_of(&q->facts);
	struct err err;

	if (q->auth != NULL && policy_auth_vouched(q->auth) &&
	    q->verdict.action == POLICY_ACCEPT &&
	    policy_greylist_learn(list, &mail, &times, clock_wall_s(), &err) ==
		-1)
		tell(&err);
}

bool
greylist_rule(struct policy_question *q, struct policy_verdict *v)
{
	if (!q->facts.has_ip || list == NULL)
		return true;
	if (q->facts.stage == POLICY_RCPT)
		ask(q, v);
	else
		learn(q);
	return true;
}
