/* SPDX-License-Identifier: ISC */
/* DNSBL and DNSWL: asked once for a connection. */
#include "origin/dnsbl.h"

#include "base/buf.h"
#include "policy/conf.h"
#include "policy/rules/dnsbl.h"
#include "policy/rules/rules.h"
#include "policy/rules/wants.h"
#include "policy/session.h"
#include "policy/sites.h"

/* Of the session. */
struct dnsbl_kept {
	int score;
	struct slice text; /* empty: it is not refused */
	struct slice why;
};

static void
put_why(const struct dnsbl_site *sites, size_t n, const struct dnsbl_verdict *d,
    struct buf *out)
{
	buf_addf(out, "%d", d->score);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *a = d->sites[i].a;

		if (d->sites[i].hit)
			buf_addf(out, " %.*s=%u.%u.%u.%u*%d",
			    SLICE_FMT(dnsbl_shown(&sites[i])), a[0], a[1], a[2],
			    a[3], sites[i].weight);
	}
}

static void
put_text(const struct policy_facts *f, const struct dnsbl_verdict *d,
    struct buf *out)
{
	buf_addf(out, "The address %.*s is listed by %.*s",
	    SLICE_FMT(f->client), SLICE_FMT(dnsbl_shown(d->heaviest)));
	if (d->text.n > 0)
		buf_addf(out, ": %.*s", SLICE_FMT(slice_sub(d->text, 0, 300)));
}

static struct dnsbl_kept *
keep(struct policy_question *q, const struct dnsbl_site *sites, size_t n,
    const struct dnsbl_verdict *d)
{
	struct arena *a = &q->session->arena;
	struct dnsbl_kept *k = arena_new(a, struct dnsbl_kept);
	struct buf text = { .max = 1024 }, why = { .max = 8192 };

	for (size_t i = 0; i < n; i++)
		policy_sites_found(&sites[i], &d->sites[i]);
	put_why(sites, n, d, &why);
	if (d->heaviest != NULL &&
	    d->score >= (int)policy_conf->dnsbl_threshold)
		put_text(&q->facts, d, &text);
	k->score = d->score;
	k->why = arena_slice(a, buf_slice(&why));
	k->text = arena_slice(a, buf_slice(&text));
	buf_fini(&why);
	buf_fini(&text);
	q->session->memory[POLICY_RULE_dnsbl] = k;
	return k;
}

static const struct dnsbl_kept *
find(struct policy_question *q)
{
	const struct dnsbl_kept *kept = q->session->memory[POLICY_RULE_dnsbl];
	const struct dnsbl_site *sites;
	struct dnsbl_verdict d;
	size_t n;

	if (kept != NULL)
		return kept;
	sites = policy_sites_now(&q->arena, &n);
	if (!dnsbl_check(sites, n, q->facts.ip,
		(int)policy_conf->dnsbl_threshold, &q->session->lists,
		&q->arena, &d))
		return NULL;
	return keep(q, sites, n, &d);
}

void
dnsbl_want(struct policy_question *q)
{
	if (q->facts.has_ip)
		(void)find(q);
}

bool
dnsbl_rule(struct policy_question *q, struct policy_verdict *v)
{
	const struct dnsbl_kept *k;

	if (!q->facts.has_ip)
		return true;
	k = find(q);
	if (k == NULL)
		return false;
	v->why = k->why;
	if (k->text.n > 0) {
		v->action = POLICY_REFUSE;
		v->enhanced = "5.7.1";
		v->text = k->text;
	}
	return true;
}

bool
dnsbl_says_good(const struct policy_session *s)
{
	const struct dnsbl_kept *k = s->memory[POLICY_RULE_dnsbl];

	return k != NULL && k->score < 0;
}
