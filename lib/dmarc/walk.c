/* SPDX-License-Identifier: ISC */
#include "dmarc/walk.h"

#include "base/buf.h"

enum { LABELS_KEPT = 7 };

static size_t
labels(struct slice domain)
{
	size_t n = domain.n > 0;

	for (size_t i = 0; i < domain.n; i++)
		n += domain.p[i] == '.';
	return n;
}

static struct slice
parent(struct slice domain)
{
	return slice_from(domain, slice_find(domain, '.') + 1);
}

/* Where the walk goes on: one label less, and at most seven (steps 3, 4, 7). */
static struct slice
next(struct slice domain)
{
	domain = parent(domain);
	while (labels(domain) > LABELS_KEPT)
		domain = parent(domain);
	return domain;
}

/* Two records at one name are as good as none (step 2). */
static void
read_level(const struct dns_answer *answer, struct dmarc_level *level)
{
	size_t n = 0;

	level->fails = answer->found == TEMPFAIL;
	for (size_t i = 0; i < answer->n; i++) {
		struct dmarc_record r;

		if (!dmarc_record_parse(answer->records[i].txt, &r))
			continue;
		level->record = r;
		n++;
	}
	level->found = n == 1;
}

/* psd=n ends it anywhere, psd=y above the domain that it began with. */
static bool
is_end(const struct dmarc_level *level, bool first)
{
	return level->found &&
	       (level->record.psd == DMARC_PSD_NO ||
		   (level->record.psd == DMARC_PSD_YES && !first));
}

/* 4.10.2 */
static void
choose(struct dmarc_walk *w)
{
	const struct dmarc_level *top = &w->levels[w->n - 1], *best = NULL;

	w->organization = w->levels[0].domain;
	for (size_t i = 0; i < w->n; i++) {
		w->fails |= w->levels[i].fails;
		if (w->levels[i].found)
			best = &w->levels[i]; /* the fewest labels */
	}
	if (best == NULL)
		return;
	if (best != top || !is_end(top, w->n == 1) ||
	    top->record.psd == DMARC_PSD_NO) {
		w->organization = best->domain;
		w->policy = best;
		return;
	}
	/* top is a public suffix: the domain below it, with its own record or
	 * that of the suffix */
	w->policy = top;
	for (size_t i = 0; i + 1 < w->n; i++) {
		w->organization = w->levels[i].domain;
		if (i + 2 == w->n && w->levels[i].found)
			w->policy = &w->levels[i];
	}
}

bool
dmarc_walk(
    struct slice domain, struct dns_answers *answers, struct dmarc_walk *w)
{
	struct buf name = { .max = 600 };
	bool all = true, ended = false;

	*w = (struct dmarc_walk){ 0 };
	/* all are asked for at once, though it may end before the last */
	while (domain.n > 0 && w->n < DMARC_WALK_MAX && !ended) {
		struct dmarc_level *level = &w->levels[w->n++];
		const struct dns_answer *answer;

		level->domain = domain;
		buf_reset(&name);
		buf_adds(&name, "_dmarc.");
		buf_add(&name, domain);
		answer = dns_answers_get(answers, buf_slice(&name), DNS_TXT);
		if (answer == NULL)
			all = false;
		else
			read_level(answer, level);
		ended = is_end(level, w->n == 1);
		domain = next(domain);
	}
	buf_fini(&name);
	if (all && w->n > 0)
		choose(w);
	return all;
}
