/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnssts.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "ctl/dns/dnsround.h"
#include "proto/mtasts.h"
#include "report/tlsrpt.h"

static bool
publishes(const struct dnsround *r)
{
	return r->host->sts.our_mode.n > 0;
}

/* An id that no policy had before. */
static void
put_record(struct buf *out, const char *name, int64_t now_s)
{
	const time_t now = (time_t)now_s;
	struct tm tm;
	char id[MTASTS_ID_MAX];

	(void)gmtime_r(&now, &tm);
	(void)strftime(id, sizeof id, "%Y%m%d%H%M%S", &tm);
	buf_addf(out, "%s. TXT \"v=STSv1; id=%s\"\n", name, id);
}

/* Nobody must publish a policy.  Who wants to has it here whole; the record is
 * the last thing, for it sends other hosts to the page. */
static void
propose(struct dnsround *r, struct dnscheck_row *w, const char *name)
{
	char *host = xasprintf("mta-sts.%s", r->host->domain);
	const struct dns_answer *a = dnsround_get(r, host, DNS_A);
	const struct dns_answer *aaaa = dnsround_get(r, host, DNS_AAAA);

	buf_addf(&w->publish,
	    "; the policy first (\"pabal conf set httpd mta_sts_policy "
	    "testing\" "
	    "has this host publish it),\n"
	    "; at https://mta-sts.%s/.well-known/mta-sts.txt:\n"
	    ";   version: STSv1\n;   mode: testing\n;   mx: %s\n"
	    ";   max_age: 604800\n",
	    r->host->domain, r->host->hostname);
	if (a != NULL && a->found == ABSENT && aaaa != NULL &&
	    aaaa->found == ABSENT)
		buf_addf(
		    &w->publish, "%s. CNAME %s.\n", host, r->host->hostname);
	put_record(&w->publish, name, r->host->now_s);
	free(host);
}

/* True: there is one record, as there should be. */
static bool
check_record(struct dnsround *r)
{
	char *name = xasprintf("_mta-sts.%s", r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "mta-sts", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_TXT);
	size_t n = 0;

	if (dnsround_has_answer(w, a)) {
		struct slice id;

		for (size_t i = 0; i < a->n; i++)
			if (mtasts_record_id(a->records[i].txt, &id)) {
				n++;
				dnsround_say(w, a->records[i].txt);
			}
		if (n != 1)
			w->verdict = DNSCHECK_WRONG;
		if (n == 0)
			buf_adds(&w->detail, "no record of STSv1 with an id");
	} else if (w->verdict == DNSCHECK_MISSING && !publishes(r)) {
		w->verdict = DNSCHECK_OPTIONAL;
	}
	if (w->verdict >= DNSCHECK_MISSING && publishes(r))
		put_record(&w->publish, name, r->host->now_s);
	else if (w->verdict == DNSCHECK_OPTIONAL)
		propose(r, w, name);
	free(name);
	return n == 1;
}

/* Where the policy is asked for. */
static void
check_host(struct dnsround *r)
{
	char *name = xasprintf("mta-sts.%s", r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "sts-host", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_A);
	const struct dns_answer *aaaa = dnsround_get(r, name, DNS_AAAA);

	if (a != NULL && aaaa != NULL &&
	    (a->found == FOUND || aaaa->found == FOUND))
		buf_adds(&w->detail, "it has addresses");
	else
		(void)dnsround_has_answer(
		    w, a != NULL && a->found == TEMPFAIL ? a : aaaa);
	if (w->verdict == DNSCHECK_MISSING && publishes(r))
		buf_addf(
		    &w->publish, "%s. CNAME %s.\n", name, r->host->hostname);
	free(name);
}

/* ---- the policy ---- */

/* Are the words of A, with blanks between them, all in B? */
static bool
covers(struct slice b, struct slice a)
{
	while (a.n > 0) {
		const struct slice word = slice_cut(a, ' ', &a);
		struct slice rest = b;
		bool found = word.n == 0;

		while (!found && rest.n > 0)
			found = slice_ieq(slice_cut(rest, ' ', &rest), word);
		if (!found)
			return false;
	}
	return true;
}

static void
compare_host(struct dnsround *r, struct dnscheck_row *w, const char *host)
{
	if (mtasts_matches(r->host->sts.mx, slice_str(host)))
		return;
	w->verdict = DNSCHECK_WRONG;
	buf_addf(&w->detail, "; %.200s has no place in it", host);
}

/* Other hosts deliver to none that is not in the policy: not to an MX host, nor
 * to this one, when it is published as the MX host that it is to be. */
static void
compare_mx(struct dnsround *r, struct dnscheck_row *w)
{
	const struct dns_answer *a = dnsround_get(r, r->host->domain, DNS_MX);
	bool ours = false;

	for (size_t i = 0; a != NULL && a->found == FOUND && i < a->n; i++) {
		ours |= dnsround_is_host(r, a->records[i].mx.host);
		compare_host(r, w, a->records[i].mx.host);
	}
	if (a != NULL && a->found != TEMPFAIL && !ours)
		compare_host(r, w, r->host->hostname);
}

static void
compare_ours(struct dnsround *r, struct dnscheck_row *w)
{
	const struct dnscheck_sts *p = &r->host->sts;

	if (slice_eq(p->mode, p->our_mode) &&
	    p->max_age_s == p->our_max_age_s && covers(p->mx, p->our_mx) &&
	    covers(p->our_mx, p->mx))
		return;
	w->verdict = DNSCHECK_WRONG;
	buf_addf(&w->detail,
	    "; what this host publishes is another: %.*s, %llds, %.*s",
	    SLICE_FMT(p->our_mode), (long long)p->our_max_age_s,
	    SLICE_FMT(p->our_mx));
}

/* As other hosts get it, through sts. */
static void
check_policy(struct dnsround *r)
{
	const struct dnscheck_sts *p = &r->host->sts;
	char *name = xasprintf("https://mta-sts.%s", r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "policy", name);

	if (p->mode.n == 0) {
		w->verdict = p->failed ? DNSCHECK_WRONG : DNSCHECK_UNKNOWN;
		dnsround_say(w, p->why);
	} else {
		buf_addf(&w->detail, "%.*s, %llds, %.*s", SLICE_FMT(p->mode),
		    (long long)p->max_age_s,
		    SLICE_FMT(slice_sub(p->mx, 0, 1000)));
		if (!slice_is(p->mode, mtasts_mode_name(MTASTS_NONE)))
			compare_mx(r, w);
		if (publishes(r))
			compare_ours(r, w);
	}
	free(name);
}

/* ---- reports ---- */

static void
check_tlsrpt(struct dnsround *r)
{
	char *name = xasprintf("_smtp._tls.%s", r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "tlsrpt", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_TXT);
	size_t n = 0, usable = 0;

	if (dnsround_has_answer(w, a)) {
		struct slice rua;

		for (size_t i = 0; i < a->n; i++)
			if (tlsrpt_is_record(a->records[i].txt)) {
				n++;
				usable += tlsrpt_parse(a->records[i].txt, &rua);
				dnsround_say(w, a->records[i].txt);
			}
		if (n == 0)
			buf_adds(&w->detail, "there is none");
		if (n != 1 || usable != 1)
			w->verdict =
			    n == 0 ? DNSCHECK_OPTIONAL : DNSCHECK_WRONG;
	} else if (w->verdict == DNSCHECK_MISSING) {
		w->verdict = DNSCHECK_OPTIONAL;
	}
	/* who publishes a policy wants to know what fails by it */
	if (w->verdict == DNSCHECK_OPTIONAL && publishes(r))
		w->verdict = DNSCHECK_MISSING;
	if (w->verdict >= DNSCHECK_MISSING || w->verdict == DNSCHECK_OPTIONAL)
		buf_addf(&w->publish,
		    "%s. TXT \"v=TLSRPTv1; rua=mailto:postmaster@%s\"\n", name,
		    r->host->domain);
	free(name);
}

void
dnssts_check(struct dnsround *r)
{
	const bool there = check_record(r);

	if (there || publishes(r))
		check_host(r);
	if (there && r->host->sts.asked)
		check_policy(r);
	check_tlsrpt(r);
}
