/* SPDX-License-Identifier: ISC */
#include "policy/run.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "policy/access.h"
#include "policy/conf.h"
#include "policy/dns.h"
#include "policy/metrics.h"
#include "policy/rules/limits.h"
#include "policy/session.h"
#include "sys/addr.h"

/* While the first question of a session waits for answers. */
struct policy_run {
	struct policy_session *session;
	struct policy_dns dns, lists;
	struct policy_access access;
};

static void go_on(struct policy_session *s);

/* ---- a question's end ---- */

static void
run_free(struct policy_session *s)
{
	if (s->run == NULL)
		return;
	policy_dns_fini(&s->run->dns);
	policy_dns_fini(&s->run->lists);
	policy_access_fini(&s->run->access);
	xfree(&s->run);
}

static void
answer(struct policy_session *s, const struct policy_question *q)
{
	const struct policy_verdict *v = &q->verdict;

	if (v->action == POLICY_REFUSE && policy_facts_stranger(&q->facts))
		limits_failed(&q->facts);
	IPC_SEND(s->peer, policy_judged, .id = q->id, .action = v->action,
	    .code = v->code, .enhanced = slice_str(v->enhanced),
	    .text = v->text);
	run_free(s);
	policy_session_answered(s);
}

void
policy_run_end(struct policy_session *s)
{
	run_free(s);
	policy_session_free(s);
}

/* ---- rules ---- */

/* A warning is logged once for a transaction, not for each recipient. */
static bool
was_warned(struct policy_session *s, const struct policy_rule *r)
{
	const uint32_t bit = 1U << (r - policy_rules);
	const bool was = (s->warned & bit) != 0;

	s->warned |= bit;
	return was;
}

/* The rule says something: it counts, or would. */
static void
take_verdict(struct policy_question *q, const struct policy_rule *r,
    const struct policy_verdict *v)
{
	const struct policy_facts *f = &q->facts;
	const enum policy_mode mode = policy_rule_mode(r);

	policy_metrics_verdict(r, v->action, mode);
	if (v->action == POLICY_ACCEPT ||
	    (mode == POLICY_WARN && was_warned(q->session, r)))
		return;
	log_info("policy.verdict", kv_slice("sid", f->sid),
	    kv_slice("client", f->client),
	    kv_s("stage", policy_stage_name(f->stage)), kv_s("rule", r->name),
	    kv_s("action", policy_action_name(v->action)),
	    kv_s("mode", policy_mode_name(mode)), kv_slice("from", f->sender),
	    kv_slice("to", f->rcpt), kv_slice("why", v->why));
	if (mode == POLICY_ENFORCE)
		policy_verdict_merge(&q->verdict, v);
}

static bool
applies(const struct policy_rule *r, const struct policy_facts *f)
{
	return (r->stages & 1U << f->stage) != 0 &&
	       policy_rule_mode(r) != POLICY_OFF &&
	       (r->whom == POLICY_EVERYBODY || policy_facts_stranger(f));
}

static void
on_all(struct policy_dns *d)
{
	go_on(OUTER(d, struct policy_run, dns)->session);
}

static void
on_lists(struct policy_dns *d)
{
	go_on(OUTER(d, struct policy_run, lists)->session);
}

static void
on_entries(struct policy_access *a)
{
	go_on(OUTER(a, struct policy_run, access)->session);
}

/* Does the question have to wait for lookup?  A rule wants one thing after the
 * other. */
static bool
ask_lookup(struct policy_session *s, struct policy_question *q)
{
	if (s->run == NULL) {
		s->run = xcalloc(1, sizeof *s->run);
		s->run->session = s;
		policy_dns_init(&s->run->dns, &s->answers,
		    policy_conf->dns_timeout, on_all);
		policy_dns_init(&s->run->lists, &s->lists,
		    policy_conf->dnsbl_timeout, on_lists);
	}
	return policy_access_ask(&s->run->access, q, on_entries) ||
	       policy_dns_ask(&s->run->dns) || policy_dns_ask(&s->run->lists);
}

/* Ask the rules whose turn it is; false: one waits. */
static bool
ask_rules(struct policy_session *s, struct policy_question *q)
{
	while (q->rule < POLICY_RULES && !policy_verdict_ends(&q->verdict)) {
		const struct policy_rule *r = &policy_rules[q->rule];
		struct policy_verdict v = { .action = POLICY_ACCEPT };

		if (applies(r, &q->facts)) {
			while (!r->run(q, &v))
				if (ask_lookup(s, q))
					return false;
			take_verdict(q, r, &v);
		}
		q->rule++;
	}
	return true;
}

static void
go_on(struct policy_session *s)
{
	struct policy_question *q;

	while ((q = STAILQ_FIRST(&s->questions)) != NULL) {
		/* Not before: what it lets go is what the question before it
		 * waits with. */
		if (q->facts.stage == POLICY_MAIL && s->run == NULL)
			policy_session_mail(s);
		if (!ask_rules(s, q))
			return;
		answer(s, q);
	}
}

/* ---- questions ---- */

static struct slice
keep(struct policy_question *q, struct slice s)
{
	return arena_slice(&q->arena, s);
}

static void
read_facts(struct policy_question *q, const struct msg_policy_ask *in)
{
	struct addr addr;

	q->facts = (struct policy_facts){
		.stage = (enum policy_stage)in->stage,
		.sid = keep(q, in->sid),
		.client = keep(q, in->client),
		.client_name = keep(q, in->client_name),
		.trusted = in->trusted,
		.protocol = keep(q, in->protocol),
		.tls = keep(q, in->tls),
		.helo = keep(q, in->helo),
		.login = keep(q, in->login),
		.mechanism = keep(q, in->mechanism),
		.sender = keep(q, in->sender),
		.rcpt = keep(q, in->rcpt),
		.size = in->size,
		.nrcpts = in->nrcpts,
	};
	q->facts.has_ip = addr_of_ip(&addr, AF_UNSPEC, q->facts.client, 0) &&
			  addr_ip16(&addr, q->facts.ip);
}

void
policy_run_on_ask(struct ipc *peer, struct msg *m)
{
	const struct msg_policy_ask *in = &m->policy_ask;
	struct policy_session *s;
	struct policy_question *q;

	if (in->stage >= POLICY_STAGE_COUNT) {
		ipc_drop(peer, "no such stage");
		return;
	}
	s = policy_session_get(peer, in->session);
	q = policy_session_ask(s, in->id);
	if (q == NULL) {
		ipc_drop(peer, "too many questions at once");
		return;
	}
	read_facts(q, in);
	if (s->nquestions == 1)
		go_on(s);
}

void
policy_run_on_end(struct ipc *peer, struct msg *m)
{
	struct policy_session *s =
	    policy_session_find(peer, m->policy_end.session);

	if (s != NULL)
		policy_run_end(s);
}
