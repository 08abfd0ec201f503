/* SPDX-License-Identifier: ISC */
#include "mailauth/check.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "mailauth/authres.h"

const char *
mailauth_action_name(enum mailauth_action action)
{
	static const char *const names[] = { MAILAUTH_ACTIONS(WORDS_TEXT) };

	return names[action];
}

/* ---- DMARC ---- */

/* What SPF and DKIM have authenticated, or may yet (the temperrors). */
static void
find_identifiers(struct mailauth *c)
{
	const struct mailauth_verdict *v = &c->verdict;

	c->ids = arena_alloc(&c->arena, (v->ndkim + 1) * sizeof *c->ids);
	if (v->spf.result == SPF_PASS || v->spf.result == SPF_TEMPERROR)
		c->ids[c->nids++] = (struct dmarc_identifier){
			.domain = v->spf.domain,
			.pass = v->spf.result == SPF_PASS,
		};
	for (size_t i = 0; i < v->ndkim; i++) {
		const struct dkim_verdict *d = &v->dkim[i];

		if (d->result == DKIM_PASS || d->result == DKIM_TEMPERROR)
			c->ids[c->nids++] = (struct dmarc_identifier){
				.domain = d->sig->domain,
				.dkim = true,
				.pass = d->result == DKIM_PASS,
			};
	}
}

/* Each author's domain is looked at, and the worst counts. */
static bool
check_authors(struct mailauth *c, struct dns_answers *answers)
{
	struct mailauth_verdict *v = &c->verdict;
	bool all = true;

	v->dmarc = (struct dmarc_verdict){ .result = DMARC_NONE,
		.why = "From has no domain" };
	for (size_t i = 0; i < v->from.n; i++) {
		const struct dmarc_question q = { .author = v->from.domains[i],
			.identifiers = c->ids,
			.n = c->nids };
		struct dmarc_verdict one;

		all &= dmarc_check(&q, answers, &one);
		v->dmarc = i == 0 ? one : *dmarc_worse(&v->dmarc, &one);
	}
	return all;
}

static void
act(struct mailauth_verdict *v, enum mailauth_action action, const char *why)
{
	v->action = action;
	v->why = why;
}

static void
decide(struct mailauth_verdict *v)
{
	const struct dmarc_verdict *d = &v->dmarc;

	if (v->from.state != DMARC_FROM_GOOD)
		act(v, MAILAUTH_REJECT, dmarc_from_why(v->from.state));
	else if (d->applied == DMARC_POLICY_REJECT)
		act(v, MAILAUTH_REJECT, "the policy of its domain");
	else if (d->applied == DMARC_POLICY_QUARANTINE)
		act(v, MAILAUTH_QUARANTINE, "the policy of its domain");
	else if (d->result == DMARC_TEMPERROR)
		act(v, MAILAUTH_DEFER, d->why);
	else
		act(v, MAILAUTH_ACCEPT, "");
}

static bool
check_dmarc(struct mailauth *c, struct dns_answers *answers)
{
	struct mailauth_verdict *v = &c->verdict;
	bool all = true;

	if (c->ids == NULL)
		find_identifiers(c);
	if (v->from.state == DMARC_FROM_GOOD)
		all = check_authors(c, answers);
	else
		v->dmarc = (struct dmarc_verdict){ .result = DMARC_PERMERROR,
			.why = dmarc_from_why(v->from.state) };
	decide(v);
	return all;
}

void
mailauth_init(struct mailauth *c, const struct mailauth_question *q)
{
	struct mailauth_verdict *v = &c->verdict;

	*c = (struct mailauth){ .q = q };
	arena_init(&c->arena);
	arena_init(&c->scratch);
	v->spf.why = SLICE("no client");
	c->spf_done = !q->has_client;
	v->dkim = arena_alloc(
	    &c->arena, (q->message->limits->signatures + 1) * sizeof *v->dkim);
	dmarc_from_find(buf_slice(&q->message->header), &c->arena, &v->from);
	/* a header too large to be kept says nothing about its From */
	if (q->message->too_large)
		v->from.state = DMARC_FROM_MALFORMED;
}

void
mailauth_fini(struct mailauth *c)
{
	arena_fini(&c->scratch);
	arena_fini(&c->arena);
}

bool
mailauth_check(struct mailauth *c, struct dns_answers *answers)
{
	const struct mailauth_question *q = c->q;
	struct mailauth_verdict *v = &c->verdict;

	if (!c->spf_done) {
		arena_reset(&c->scratch);
		c->spf_done = spf_check(&q->spf, answers, &c->scratch, &v->spf);
	}
	if (!c->dkim_done)
		c->dkim_done = dkim_verify(
		    q->message, answers, q->now_s, v->dkim, &v->ndkim);
	if (!c->arc_done)
		c->arc_done = dkim_arc_verify(
		    q->message, answers, q->now_s, &c->arena, &v->arc);
	/* of what is not known nothing can be aligned */
	return c->spf_done && c->dkim_done && c->arc_done &&
	       check_dmarc(c, answers);
}

/* ---- Authentication-Results ---- */

static void
put_spf(struct authres *r, const struct mailauth_question *q,
    const struct spf_verdict *v)
{
	authres_result(r, "spf", spf_result_name(v->result));
	if (v->result != SPF_PASS)
		authres_reason(r, v->why);
	if (v->by_helo)
		authres_property(r, "smtp.helo", q->spf.helo);
	else
		authres_property(r, "smtp.mailfrom", q->spf.sender);
}

static void
put_dkim(struct authres *r, const struct dkim_verdict *v)
{
	authres_result(r, "dkim", dkim_result_name(v->result));
	authres_reason(
	    r, slice_str(v->testing && v->why == NULL ? "test key" : v->why));
	authres_property(r, "header.d", v->sig->domain);
	authres_property(r, "header.i", v->sig->identity);
	authres_property(r, "header.s", v->sig->selector);
	if (v->key_bits > 0)
		authres_property(
		    r, "header.a", slice_str(dkim_alg_name(v->sig->alg)));
	authres_property(r, "header.b", v->sig->start);
}

static void
put_arc(struct authres *r, const struct mailauth_question *q,
    const struct dkim_arc_verdict *v)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const bool v4 = memcmp(q->spf.ip, mapped, sizeof mapped) == 0;
	char ip[INET6_ADDRSTRLEN] = "";

	authres_result(r, "arc", dkim_arc_result_name(v->result));
	authres_reason(r, slice_str(v->why));
	if (q->has_client)
		(void)inet_ntop(v4 ? AF_INET : AF_INET6,
		    q->spf.ip + (v4 ? 12 : 0), ip, sizeof ip);
	authres_property(r, "smtp.remote-ip", slice_str(ip));
}

static void
put_dmarc(struct authres *r, const struct dmarc_verdict *v)
{
	authres_result(r, "dmarc", dmarc_result_name(v->result));
	if (v->result != DMARC_PASS)
		authres_reason(r, slice_str(v->why));
	authres_property(r, "header.from", v->domain);
	if (v->at.n > 0) {
		authres_property(
		    r, "polrec.p", slice_str(dmarc_policy_name(v->policy)));
		authres_property(r, "polrec.domain", v->at);
	}
}

void
mailauth_put_field(const struct mailauth *c, struct slice id, struct buf *out)
{
	const struct mailauth_question *q = c->q;
	const struct mailauth_verdict *v = &c->verdict;
	struct authres r;

	authres_begin(&r, out, id);
	if (q->has_client)
		put_spf(&r, q, &v->spf);
	for (size_t i = 0; i < v->ndkim; i++)
		put_dkim(&r, &v->dkim[i]);
	if (v->ndkim == 0)
		authres_result(
		    &r, "dkim", q->message->too_large ? "policy" : "none");
	if (v->arc.result != DKIM_ARC_NONE)
		put_arc(&r, q, &v->arc);
	put_dmarc(&r, &v->dmarc);
	authres_end(&r);
}
