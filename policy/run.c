/* SPDX-License-Identifier: ISC */
#include "policy/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dnsclient/dnsclient.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "policy/access.h"
#include "policy/apply.h"
#include "policy/conf.h"
#include "policy/country.h"
#include "policy/question.h"
#include "policy/session.h"
#include "policy/text.h"

enum { WHY_MAX = 200 };

/* While the first question of a session waits: for its message to be read, then
 * for answers of the DNS. */
struct policy_run {
	struct policy_session *session;
	struct policy_text text;
	struct dnsclient dns, lists;
	bool asks; /* they are in use */
	struct policy_access access;
	struct policy_country country;
};

static void go_on(struct policy_session *s);

/* ---- a question's end ---- */

static void
run_free(struct policy_session *s)
{
	if (s->run == NULL)
		return;
	policy_text_stop(&s->run->text);
	if (s->run->asks) {
		dnsclient_fini(&s->run->dns);
		dnsclient_fini(&s->run->lists);
		/* who asks next asks for what is not there yet */
		dns_answers_again(&s->answers);
		dns_answers_again(&s->lists);
	}
	policy_access_fini(&s->run->access);
	policy_country_fini(&s->run->country);
	xfree(&s->run);
}

/* Which rule holds it, and why: for who finds it in the queue. */
static void
say_why(const struct policy_question *q, struct buf *why)
{
	const struct slice of = q->verdict.why;

	if (q->verdict.action != POLICY_HOLD || q->by == NULL)
		return;
	buf_addf(why, "rule %s", q->by->name);
	if (of.n > 0)
		buf_addf(why, ": %.*s", SLICE_FMT(slice_sub(of, 0, WHY_MAX)));
}

static void
answer(struct policy_session *s, const struct policy_question *q)
{
	const struct policy_verdict *v = &q->verdict;
	struct buf why = { .max = 2 * WHY_MAX };

	say_why(q, &why);
	IPC_SEND(s->peer, policy_judged, .id = q->id, .action = v->action,
	    .code = v->code, .enhanced = slice_str(v->enhanced),
	    .text = v->text, .front = buf_slice(&q->front),
	    .why = buf_slice(&why));
	buf_fini(&why);
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

static void
on_all(struct dnsclient *d)
{
	go_on(OUTER(d, struct policy_run, dns)->session);
}

static void
run_begin(struct policy_session *s)
{
	if (s->run != NULL)
		return;
	s->run = xcalloc(1, sizeof *s->run);
	s->run->session = s;
}

static void
on_lists(struct dnsclient *d)
{
	go_on(OUTER(d, struct policy_run, lists)->session);
}

static void
on_entries(struct policy_access *a)
{
	go_on(OUTER(a, struct policy_run, access)->session);
}

static void
on_country(struct policy_country *c)
{
	go_on(OUTER(c, struct policy_run, country)->session);
}

/* Does the question have to wait for lookup? */
static bool
ask_lookup(struct policy_session *s, struct policy_question *q)
{
	bool access, country, dns, lists;

	run_begin(s);
	if (!s->run->asks) {
		s->run->asks = true;
		dnsclient_init(&s->run->dns, &s->answers,
		    policy_conf->dns_timeout, on_all);
		dnsclient_init(&s->run->lists, &s->lists,
		    policy_conf->dnsbl_timeout, on_lists);
	}
	access = policy_access_ask(&s->run->access, q, on_entries);
	country = policy_country_ask(&s->run->country, q, on_country);
	dns = dnsclient_ask(&s->run->dns);
	lists = dnsclient_ask(&s->run->lists);
	return access || country || dns || lists;
}

static bool
applies(const struct policy_rule *r, const struct policy_facts *f)
{
	return policy_rule_applies(r, f->stage, policy_facts_stranger(f)) &&
	       !policy_rule_is_off_at(r, f->service);
}

/* One rule waits for the DNS: those behind it ask at the same time, once. */
static void
want_all(struct policy_question *q)
{
	if (q->wanted)
		return;
	q->wanted = true;
	for (size_t i = q->rule + 1; i < POLICY_RULES; i++)
		if (policy_rules[i].want != NULL &&
		    applies(&policy_rules[i], &q->facts))
			policy_rules[i].want(q);
}

/* Ask the rules whose turn it is; false: one waits. */
static bool
ask_rules(struct policy_session *s, struct policy_question *q)
{
	while (q->rule < POLICY_RULES && !policy_verdict_ends(&q->verdict)) {
		const struct policy_rule *r = &policy_rules[q->rule];
		struct policy_verdict v = { .action = POLICY_ACCEPT };

		if (applies(r, &q->facts)) {
			while (!r->run(q, &v)) {
				if (r->want != NULL)
					want_all(q);
				if (ask_lookup(s, q))
					return false;
			}
			policy_apply(q, r, &v);
		}
		q->rule++;
	}
	return true;
}

static void
on_read(struct policy_text *t, int rc)
{
	static const struct policy_verdict unreadable = {
		.action = POLICY_DEFER,
		.enhanced = "4.3.0",
		.text = SLICE("Message could not be read, try again later"),
	};
	struct policy_session *s = OUTER(t, struct policy_run, text)->session;
	struct policy_question *q = STAILQ_FIRST(&s->questions);

	q->message = t->message;
	t->message = NULL;
	if (rc == -1)
		policy_verdict_merge(&q->verdict, &unreadable);
	go_on(s);
}

/* False: it is being read. */
static bool
read_message(struct policy_session *s, struct policy_question *q)
{
	const int file = q->file;

	q->file = -1;
	run_begin(s);
	policy_text_read(
	    &s->run->text, file, q->offset, q->facts.size, on_read);
	return false;
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
		if (q->file != -1 && !read_message(s, q))
			return;
		if (!ask_rules(s, q))
			return;
		answer(s, q);
	}
}

/* ---- questions ---- */

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
	if (!policy_question_read(peer, q, &m->policy_ask))
		return;
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
