/* SPDX-License-Identifier: ISC */
#include "smtp/route/sts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dns/mxlist.h"
#include "smtp/job.h"
#include "smtp/route/stsask.h"
#include "smtp/route/tlsresult.h"
#include "smtp/route/waiver.h"

struct smtp_sts {
	struct smtp_stsask ask;
	struct smtp_job *job;
	struct mx_list *list;
	bool dane;
	void (*done)(struct smtp_job *job, const char *why);
};

/* What was not kept as it was published is put as it is meant. */
void
smtp_sts_lines(const struct smtp_sts *s, struct buf *out)
{
	struct slice mx;

	if (s == NULL || s->ask.mode == MTASTS_NONE)
		return;
	buf_addf(
	    out, "version: STSv1\nmode: %s\n", mtasts_mode_name(s->ask.mode));
	mx = slice_str(s->ask.mx);
	while (mx.n > 0) {
		const struct slice one = slice_cut(mx, ' ', &mx);

		buf_addf(out, "mx: %.*s\n", SLICE_FMT(one));
	}
	buf_addf(out, "max_age: %lld\n", (long long)s->ask.max_age_s);
}

static void
note(const struct smtp_sts *s, enum report_tls_result type, const char *host)
{
	struct buf lines = { .max = 2 * MTASTS_MX_MAX };
	struct smtp_tlsresult r = { .qid = s->job->qid,
		.domain = slice_str(s->ask.domain),
		.policy = REPORT_TLS_BY_STS,
		.type = type,
		.host = host,
		.mx_host = slice_str(host) };

	smtp_sts_lines(s, &lines);
	r.strings = buf_slice(&lines);
	smtp_tlsresult(&r);
	buf_fini(&lines);
}

static bool
is_allowed(const struct smtp_sts *s, const char *host)
{
	return mtasts_matches(slice_str(s->ask.mx), slice_str(host));
}

/* The hosts that may be used stay; the first of the others, or "". */
static void
drop_others(struct smtp_sts *s, char first[SMTP_HOST_SIZE])
{
	struct mx_list *list = s->list;
	size_t n = 0;

	first[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		const struct mx_host *h = &list->hosts[i];

		if (is_allowed(s, h->name) || (s->dane && h->secure)) {
			if (n != i)
				list->hosts[n] = *h;
			n++;
		} else if (first[0] == '\0') {
			(void)strlcpy(first, h->name, SMTP_HOST_SIZE);
		}
	}
	list->n = n;
}

static void
note_failure(const struct smtp_sts *s)
{
	static const struct {
		const char *word;
		enum report_tls_result type;
	} failures[] = {
		{ "sts-policy-fetch-error", REPORT_TLS_STS_UNFETCHED },
		{ "sts-policy-invalid", REPORT_TLS_STS_INVALID },
		{ "sts-webpki-invalid", REPORT_TLS_STS_WEBPKI },
	};

	for (size_t i = 0; i < ARRAY_LEN(failures); i++)
		if (strcmp(s->ask.failure, failures[i].word) == 0)
			note(s, failures[i].type, "");
}

static void
on_policy(struct smtp_stsask *ask)
{
	struct smtp_sts *s = OUTER(ask, struct smtp_sts, ask);
	char other[SMTP_HOST_SIZE] = "", why[SMTP_HOST_SIZE + 80];

	note_failure(s);
	if (s->ask.unavailable) {
		s->done(s->job,
		    "its MTA-STS policy is not known: sts does not answer");
		return;
	}
	if (s->ask.mode == MTASTS_ENFORCE && !smtp_waiver(s->job))
		drop_others(s, other);
	if (other[0] != '\0')
		note(s, REPORT_TLS_INVALID, other);
	(void)snprintf(why, sizeof why,
	    "no mail exchanger (%s) is one of its MTA-STS policy", other);
	s->done(s->job, s->list->n == 0 ? why : NULL);
}

struct smtp_sts *
smtp_sts_ask(struct smtp_job *job, struct slice domain, bool dane,
    struct mx_list *list, void (*done)(struct smtp_job *job, const char *why))
{
	struct smtp_sts *s = xcalloc(1, sizeof *s);

	s->job = job;
	s->dane = dane;
	s->list = list;
	s->done = done;
	if (!smtp_stsask(&s->ask, domain, on_policy))
		xfree(&s);
	return s;
}

void
smtp_sts_free(struct smtp_sts **s)
{
	if (*s == NULL)
		return;
	smtp_stsask_fini(&(*s)->ask);
	xfree(s);
}

void
smtp_sts_dress(const struct smtp_sts *s, struct smtp_target *t)
{
	if (s == NULL || s->ask.mode == MTASTS_NONE)
		return;
	t->sts = true;
	t->waived |= s->ask.mode == MTASTS_ENFORCE && smtp_waiver(s->job);
	t->sts_enforce = s->ask.mode == MTASTS_ENFORCE && !t->waived;
	t->sts_host = is_allowed(s, t->host);
}

bool
smtp_sts_is_unknown(const struct smtp_sts *s)
{
	return s != NULL && s->ask.unknown;
}
