/* SPDX-License-Identifier: ISC */
/*
 * SPF (RFC 7208) at MAIL.  A connection's verdicts are kept, the first few of
 * them: who sends many messages at once mostly does so for one sender.
 */
#include "spf/spf.h"

#include <string.h>

#include "base/buf.h"
#include "log/log.h"
#include "mailauth/authres.h"
#include "mailauth/rules.h"
#include "policy/auth.h"
#include "policy/conf.h"
#include "policy/rules/rules.h"
#include "policy/session.h"
#include "sys/clock.h"

enum { KEPT_MAX = 8 };

struct spf_kept {
	struct spf_kept *next;
	unsigned n; /* with those behind it */
	struct slice helo, sender;
	struct spf_verdict verdict;
};

static const struct spf_kept *
find_kept(const struct spf_kept *k, const struct policy_facts *f)
{
	while (k != NULL &&
	       !(slice_eq(k->helo, f->helo) && slice_eq(k->sender, f->sender)))
		k = k->next;
	return k;
}

static void
keep(struct policy_session *s, const struct policy_facts *f,
    const struct spf_verdict *v)
{
	struct arena *a = &s->arena;
	struct spf_kept *first = s->memory[POLICY_RULE_spf], *k;

	if (first != NULL && first->n == KEPT_MAX)
		return;
	k = arena_new(a, struct spf_kept);
	k->next = first;
	k->n = first != NULL ? first->n + 1 : 1;
	k->helo = arena_slice(a, f->helo);
	k->sender = arena_slice(a, f->sender);
	k->verdict = *v;
	k->verdict.domain = arena_slice(a, v->domain);
	k->verdict.why = arena_slice(a, v->why);
	k->verdict.explanation = arena_slice(a, v->explanation);
	s->memory[POLICY_RULE_spf] = k;
}

/* False: DNS answers are wanted. */
static bool
find(struct policy_question *q, struct spf_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const struct spf_kept *kept =
	    find_kept(q->session->memory[POLICY_RULE_spf], f);
	struct spf_question question = {
		.helo = f->helo,
		.sender = f->sender,
		.receiver = slice_str(policy_conf->shared.hostname),
		.now_s = clock_wall_s(),
		.limits = policy_auth_spf_limits(),
	};

	if (kept != NULL) {
		*v = kept->verdict;
		return true;
	}
	memcpy(question.ip, f->ip, sizeof question.ip);
	if (!spf_check(&question, &q->session->answers, &q->arena, v))
		return false;
	if (v->result != SPF_TEMPERROR)
		keep(q->session, f, v);
	return true;
}

/* For DMARC, at the end of the message. */
static void *
kept_for_mail(struct policy_question *q, const struct spf_verdict *s)
{
	struct arena *a = &q->session->mail_arena;
	struct spf_verdict *v = arena_new(a, struct spf_verdict);

	*v = *s;
	v->domain = arena_slice(a, s->domain);
	v->why = arena_slice(a, s->why);
	v->explanation = arena_slice(a, s->explanation);
	return v;
}

static void
put_pair(struct buf *out, const char *name, struct slice value)
{
	buf_addf(out, ";\r\n\t%s=", name);
	authres_put_value(out, value);
}

/* Received-SPF (9.1). */
static void
put_field(struct policy_question *q, const struct spf_verdict *s)
{
	struct buf *out = &q->front;

	buf_addf(out, "Received-SPF: %s receiver=%s",
	    spf_result_name(s->result), policy_conf->shared.hostname);
	put_pair(out, "client-ip", q->facts.client);
	put_pair(out, "envelope-from", q->facts.sender);
	put_pair(out, "helo", q->facts.helo);
	put_pair(
	    out, "identity", s->by_helo ? SLICE("helo") : SLICE("mailfrom"));
	buf_adds(out, "\r\n");
}

bool
spf_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	struct spf_verdict s;

	if (!f->has_ip)
		return true;
	if (!find(q, &s))
		return false;
	log_info("policy.spf", kv_slice("sid", f->sid),
	    kv_slice("client", f->client), kv_slice("from", f->sender),
	    kv_slice("helo", f->helo),
	    kv_s("result", spf_result_name(s.result)),
	    kv_slice("domain", s.domain), kv_slice("why", s.why));
	q->session->mail_memory[POLICY_RULE_spf] = kept_for_mail(q, &s);
	if (policy_conf->received_spf)
		put_field(q, &s);
	mailauth_spf_rule(&s, f->client,
	    policy_conf->dns_failure == POLICY_DNS_DEFER, &q->arena, v);
	return true;
}
