/* SPDX-License-Identifier: ISC */
#include "dmarc/consent.h"

#include "base/buf.h"
#include "dmarc/record.h"
#include "dmarc/walk.h"

/* A record there is consent, whatever else is in it. */
static void
read_answer(const struct dns_answer *answer, struct dmarc_consent *c)
{
	c->found = answer->found == TEMPFAIL ? TEMPFAIL : ABSENT;
	for (size_t i = 0; i < answer->n; i++) {
		struct dmarc_record r;

		if (!dmarc_record_parse(answer->records[i].txt, &r))
			continue;
		c->found = FOUND;
		c->rua = r.rua;
		return;
	}
}

bool
dmarc_consent(struct slice domain, struct slice host,
    struct dns_answers *answers, struct dmarc_consent *c)
{
	struct buf name = { .max = 600 };
	const struct dns_answer *answer;
	struct dmarc_walk ours, theirs;
	bool all;

	*c = (struct dmarc_consent){ .found = FOUND };
	if (slice_ieq(domain, host))
		return true;
	all = dmarc_walk(domain, answers, &ours);
	all &= dmarc_walk(host, answers, &theirs);
	if (!all)
		return false;
	if (!ours.fails && !theirs.fails &&
	    slice_ieq(ours.organization, theirs.organization))
		return true;
	buf_add(&name, domain);
	buf_adds(&name, "._report._dmarc.");
	buf_add(&name, host);
	answer = dns_answers_get(answers, buf_slice(&name), DNS_TXT);
	buf_fini(&name);
	if (answer == NULL)
		return false;
	read_answer(answer, c);
	/* they may be one organization after all */
	if (c->found == ABSENT && (ours.fails || theirs.fails))
		c->found = TEMPFAIL;
	return true;
}
