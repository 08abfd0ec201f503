/* SPDX-License-Identifier: ISC */
/* DNSBL and DNSWL: asked once for a connection. */
#include "origin/dnsbl.h"

#include "origin/rules.h"
#include "policy/conf.h"
#include "policy/parts.h"
#include "policy/rules/dnsbl.h"
#include "policy/rules/rules.h"
#include "policy/rules/wants.h"
#include "policy/session.h"
#include "policy/sites.h"

/* Of the session. */
struct dnsbl_kept {
	int score;
	struct policy_verdict verdict;
};

static struct dnsbl_kept *
keep(struct policy_question *q, const struct dnsbl_site *sites, size_t n,
    const struct dnsbl_verdict *d)
{
	const struct origin_client c = policy_parts_client(&q->facts);
	struct arena *a = &q->session->arena;
	struct dnsbl_kept *k = arena_new(a, struct dnsbl_kept);

	for (size_t i = 0; i < n; i++)
		policy_sites_found(&sites[i], &d->sites[i]);
	k->score = d->score;
	origin_dnsbl(
	    &c, sites, n, (int)policy_conf->dnsbl_threshold, d, a, &k->verdict);
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
	*v = k->verdict;
	return true;
}

bool
dnsbl_says_good(const struct policy_session *s)
{
	const struct dnsbl_kept *k = s->memory[POLICY_RULE_dnsbl];

	return k != NULL && k->score < 0;
}
