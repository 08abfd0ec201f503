/* SPDX-License-Identifier: ISC */
/*
 * The table access.  At each stage it is asked about all that is known then;
 * what is refused weighs more than what is accepted.  An entry that accepts
 * makes a client one that is no stranger: a sender's for its transaction, a
 * recipient's for that recipient.
 */
#include "table/access.h"

#include "base/buf.h"
#include "log/log.h"
#include "origin/reverse.h"
#include "policy/conf.h"
#include "policy/rules/rules.h"
#include "policy/session.h"

/* Of the transaction, from MAIL on. */
struct access_kept {
	bool accepted;
};

static void
put(struct buf *out, enum access_fact fact, struct slice value)
{
	if (slice_find(value, '\n') == value.n)
		buf_addf(
		    out, "%s %.*s\n", access_fact_name(fact), SLICE_FMT(value));
}

static void
put_client(const struct policy_facts *f, struct slice name, struct buf *out)
{
	put(out, ACCESS_CLIENT, f->client);
	if (f->helo.n > 0)
		put(out, ACCESS_HELO, f->helo);
	if (f->stage < POLICY_MAIL)
		return;
	if (name.n > 0)
		put(out, ACCESS_NAME, name);
	put(out, ACCESS_SENDER, f->sender);
	put(out, ACCESS_TLS, f->tls.n > 0 ? f->tls : SLICE("none"));
	if (f->login.n > 0)
		put(out, ACCESS_LOGIN, f->login);
	if (f->mechanism.n > 0)
		put(out, ACCESS_MECHANISM, f->mechanism);
}

/* False: the DNS is to be asked for the client's name. */
static bool
put_facts(struct policy_question *q, struct buf *out)
{
	const struct policy_facts *f = &q->facts;
	struct reverse_verdict r = { .result = REVERSE_NONE };

	if (f->stage == POLICY_RCPT)
		put(out, ACCESS_RECIPIENT, f->rcpt);
	if (q->session->mail_memory[POLICY_RULE_access] != NULL)
		return true;
	if (f->stage >= POLICY_MAIL && f->has_ip &&
	    !reverse_check(f->ip, &q->session->answers, &r))
		return false;
	put_client(f, r.result == REVERSE_PASS ? r.name : SLICE(""), out);
	return true;
}

/* False: something is wanted first. */
static bool
ask(struct policy_question *q)
{
	struct buf facts = { .max = 8192 };
	bool done = put_facts(q, &facts);

	q->access.facts = arena_slice(&q->arena, buf_slice(&facts));
	buf_fini(&facts);
	return done && (q->access.facts.n == 0 || q->access.known);
}

static void
log_entry(const struct policy_facts *f, const struct access_entry *e,
    struct slice key)
{
	log_info("policy.access", kv_slice("sid", f->sid),
	    kv_slice("client", f->client),
	    kv_s("stage", policy_stage_name(f->stage)), kv_slice("key", key),
	    kv_s("action", access_action_name(e->action)),
	    kv_slice("why", e->text));
}

/* What one says; does it accept the client (not only this recipient)? */
static bool
read_entry(struct policy_question *q, struct slice line,
    struct policy_verdict *v, bool *for_rcpt)
{
	const struct slice of_rcpt = SLICE("recipient=");
	struct slice value;
	const struct slice key = slice_cut(line, '\t', &value);
	struct access_entry e;

	if (access_parse(value, &e, NULL) == -1)
		return false; /* lookup has looked at it */
	log_entry(&q->facts, &e, key);
	/* what is for messages is found again at MAIL */
	if (access_does(e.action) >= POLICY_DEFER ||
	    q->facts.stage >= POLICY_MAIL)
		access_say(&e, key, &q->arena, v);
	if (e.action != ACCESS_ACCEPT)
		return false;
	*for_rcpt = *for_rcpt || slice_starts(key, of_rcpt);
	return !slice_starts(key, of_rcpt);
}

/* All of them; did one accept the client / this recipient? */
static bool
read_entries(
    struct policy_question *q, struct policy_verdict *v, bool *for_rcpt)
{
	struct slice lines = q->access.entries;
	bool accepts = false;

	*for_rcpt = false;
	while (lines.n > 0)
		if (read_entry(q, slice_cut(lines, '\n', &lines), v, for_rcpt))
			accepts = true;
	return accepts;
}

static bool
keep(struct policy_session *s, bool accepts)
{
	struct access_kept *k = s->mail_memory[POLICY_RULE_access];

	if (k == NULL) {
		k = arena_new(&s->mail_arena, struct access_kept);
		k->accepted = accepts;
		s->mail_memory[POLICY_RULE_access] = k;
	}
	return k->accepted;
}

bool
access_rule(struct policy_question *q, struct policy_verdict *v)
{
	bool accepts, for_rcpt;

	if (!ask(q))
		return false;
	accepts = read_entries(q, v, &for_rcpt);
	if (q->access.failed) {
		v->action = POLICY_DEFER;
		v->enhanced = "4.3.0";
		v->text = SLICE("Access rules cannot be read, try again later");
		v->why = SLICE("the table cannot be read");
		return true;
	}
	if (q->facts.stage >= POLICY_MAIL)
		accepts = keep(q->session, accepts);
	q->facts.accepted =
	    (accepts || for_rcpt) && policy_conf->access == POLICY_ENFORCE;
	return true;
}
