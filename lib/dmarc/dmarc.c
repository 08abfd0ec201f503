/* SPDX-License-Identifier: ISC */
#include "dmarc/dmarc.h"

#include "dmarc/walk.h"

const char *
dmarc_result_name(enum dmarc_result result)
{
	static const char *const names[] = { DMARC_RESULTS(WORDS_TEXT) };

	return names[result];
}

static bool
say(struct dmarc_verdict *v, enum dmarc_result result, const char *why)
{
	v->result = result;
	v->why = why;
	return true;
}

/* 4.10.1: the record, and which of its policies counts.  False: an answer is
 * wanted first.  *RECORD is NULL where there is none. */
static bool
find_policy(const struct dmarc_walk *w, struct dns_answers *answers,
    struct dmarc_verdict *v, const struct dmarc_record **record)
{
	const struct dmarc_level *own = &w->levels[0];
	const struct dmarc_level *at = own->found ? own : w->policy;
	const struct dns_answer *host;

	*record = NULL;
	if (at == NULL || !at->record.usable)
		return true;
	*record = &at->record;
	v->at = at->domain;
	v->record = at->record;
	v->policy = at == own ? at->record.p : at->record.sp;
	if (at == own || !at->record.np_given)
		return true;
	/* is there a domain of that name at all (RFC 8020)? */
	host = dns_answers_get(answers, own->domain, DNS_A);
	if (host != NULL && host->nxdomain)
		v->policy = at->record.np;
	return host != NULL;
}

enum aligned { NOT_ALIGNED, ALIGNED, MAY_BE, WANTS };

/* 4.4: the same domain, or with relaxed alignment the same organization. */
static enum aligned
is_aligned(const struct dmarc_walk *author, const struct dmarc_record *record,
    const struct dmarc_identifier *id, struct dns_answers *answers)
{
	struct dmarc_walk w;

	if (slice_ieq(id->domain, author->levels[0].domain))
		return ALIGNED;
	if (id->dkim ? record->strict_dkim : record->strict_spf)
		return NOT_ALIGNED;
	if (!dmarc_walk(id->domain, answers, &w))
		return WANTS;
	if (w.fails || author->fails)
		return MAY_BE;
	return slice_ieq(w.organization, author->organization) ? ALIGNED
							       : NOT_ALIGNED;
}

/* False: answers are wanted first. */
static bool
align(const struct dmarc_question *q, const struct dmarc_walk *author,
    const struct dmarc_record *record, struct dns_answers *answers,
    struct dmarc_verdict *v, bool *may_be)
{
	bool all = true;

	*may_be = false;
	for (size_t i = 0; i < q->n; i++) {
		const struct dmarc_identifier *id = &q->identifiers[i];
		const enum aligned is = is_aligned(author, record, id, answers);

		all &= is != WANTS;
		*may_be |= is == MAY_BE || (is == ALIGNED && !id->pass);
		if (is == ALIGNED && id->pass)
			*(id->dkim ? &v->dkim_aligned : &v->spf_aligned) = true;
	}
	return all;
}

/* 4.7, t: one step less. */
static enum dmarc_policy
lower(enum dmarc_policy policy)
{
	return policy == DMARC_POLICY_REJECT ? DMARC_POLICY_QUARANTINE
					     : DMARC_POLICY_NONE;
}

bool
dmarc_check(const struct dmarc_question *q, struct dns_answers *answers,
    struct dmarc_verdict *v)
{
	const struct dmarc_record *record;
	struct dmarc_walk w;
	bool may_be;

	*v = (struct dmarc_verdict){ .domain = q->author };
	if (q->author.n == 0)
		return say(v, DMARC_PERMERROR, "From has no domain");
	if (!dmarc_walk(q->author, answers, &w) ||
	    !find_policy(&w, answers, v, &record))
		return false;
	v->organization = w.organization;
	if (w.levels[0].fails || (record == NULL && w.fails))
		return say(v, DMARC_TEMPERROR, "no answer from the DNS");
	if (record == NULL)
		return say(v, DMARC_NONE, "the domain has no record");
	if (!align(q, &w, record, answers, v, &may_be))
		return false;
	if (v->spf_aligned || v->dkim_aligned)
		return say(v, DMARC_PASS, "aligned");
	if (may_be)
		return say(
		    v, DMARC_TEMPERROR, "it may be aligned: no answer yet");
	v->applied = record->testing ? lower(v->policy) : v->policy;
	return say(v, DMARC_FAIL, "neither SPF nor DKIM is aligned");
}

/* What is to be done, then what came of it. */
static int
badness(const struct dmarc_verdict *v)
{
	static const int order[] = {
		[DMARC_PASS] = 0,
		[DMARC_NONE] = 1,
		[DMARC_TEMPERROR] = 2,
		[DMARC_PERMERROR] = 3,
		[DMARC_FAIL] = 4,
	};

	return (int)v->applied * 8 + order[v->result];
}

const struct dmarc_verdict *
dmarc_worse(const struct dmarc_verdict *a, const struct dmarc_verdict *b)
{
	return badness(b) > badness(a) ? b : a;
}
