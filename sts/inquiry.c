/* SPDX-License-Identifier: ISC */
#include "sts/inquiry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dnsclient/dnsclient.h"
#include "ev/loop.h"
#include "sts/conf.h"
#include "sts/fetch.h"
#include "sts/where.h"
#include "sys/clock.h"

enum {
	DNS_MS = 5000,
};

struct sts_inquiry {
	struct dns_answers answers;
	struct dnsclient dns;
	struct ev_task begin;
	char *record, *host; /* _mta-sts.DOMAIN, mta-sts.DOMAIN */
	char *domain;
	char id[MTASTS_ID_MAX + 1];
	bool (*wants)(void *arg, const char *id);
	void (*found)(void *arg, struct sts_found *f);
	void *arg;
};

static void
tell(struct sts_inquiry *q, struct sts_found *f)
{
	f->id = q->id;
	q->found(q->arg, f); /* frees Q */
	sts_policy_fini(&f->policy);
}

static void
tell_none(struct sts_inquiry *q, bool known, const char *why)
{
	struct sts_found f = {
		.kind = known ? STS_FOUND_NONE : STS_FOUND_UNKNOWN, .why = why
	};

	tell(q, &f);
}

static void
tell_failed(struct sts_inquiry *q, const char *failure, const char *why)
{
	struct sts_found f = {
		.kind = STS_FOUND_FAILED, .failure = failure, .why = why
	};

	tell(q, &f);
}

/* ---- the policy ---- */

static void
take_text(struct sts_inquiry *q, struct slice text)
{
	struct sts_found f = { .kind = STS_FOUND_POLICY };
	struct buf mx = { .max = MTASTS_MX_MAX };
	struct err err;

	if (mtasts_parse(text, &f.policy.is, &mx, &err) == -1) {
		tell_failed(q, "sts-policy-invalid", err.text);
	} else {
		(void)slice_copy(
		    slice_str(q->id), f.policy.id, sizeof f.policy.id);
		f.policy.mx = xslicedup(buf_slice(&mx));
		f.policy.fetched_s = clock_wall_s();
		tell(q, &f);
	}
	buf_fini(&mx);
}

/* "text/plain", whatever parameters it has. */
static bool
is_plain(struct slice type)
{
	struct slice rest;

	return slice_iis(slice_trim(slice_cut(type, ';', &rest)), "text/plain");
}

/* A redirect is a failure (3.3), as is all but 200. */
static void
on_fetched(void *arg, const struct sts_fetched *r)
{
	struct sts_inquiry *q = arg;
	const char *why = r->why;
	char status[80];

	if (why == NULL && r->status != 200) {
		snprintf(status, sizeof status, "HTTP status %ld%s", r->status,
		    r->status / 100 == 3 ? " (redirects are not followed)"
					 : "");
		why = status;
	} else if (why == NULL && !is_plain(r->type)) {
		why = "its type is not text/plain";
	}
	if (why == NULL)
		take_text(q, r->text);
	else
		tell_failed(q,
		    r->untrusted ? "sts-webpki-invalid"
				 : "sts-policy-fetch-error",
		    why);
}

/* ---- the DNS ---- */

/* False: to be asked first. */
static bool
fetch(struct sts_inquiry *q)
{
	struct sts_where w;
	struct sts_request r = { .host = q->host,
		.path = "/.well-known/mta-sts.txt" };

	if (!sts_where(&q->answers, slice_str(q->host), &w))
		return false;
	r.first = w.first;
	r.addresses = buf_cstr(&w.text);
	if (w.why == NULL)
		sts_fetch_new(&r, on_fetched, q);
	else
		tell_failed(q, "sts-policy-fetch-error", w.why);
	buf_fini(&w.text);
	return true;
}

/* The one record that counts (RFC 8461 3.1). */
static bool
find_id(const struct dns_answer *txt, struct slice *id)
{
	struct slice record = SLICE("");
	size_t n = 0;

	for (size_t i = 0; i < txt->n; i++)
		if (mtasts_is_record(txt->records[i].txt)) {
			record = txt->records[i].txt;
			n++;
		}
	return n == 1 && mtasts_record_id(record, id);
}

/* What the answers that are there allow; false: more are wanted. */
static bool
go_on(struct sts_inquiry *q)
{
	const struct dns_answer *txt =
	    dns_answers_get(&q->answers, slice_str(q->record), DNS_TXT);
	struct sts_found same = { .kind = STS_FOUND_SAME };
	struct slice id;

	if (txt == NULL)
		return false;
	if (txt->found == TEMPFAIL) {
		tell_none(q, false, "its record cannot be looked up");
		return true;
	}
	if (txt->found == ABSENT || !find_id(txt, &id) ||
	    !slice_copy(id, q->id, sizeof q->id)) {
		tell_none(q, true, "it has no record");
		return true;
	}
	if (q->wants == NULL || q->wants(q->arg, q->id))
		return fetch(q);
	tell(q, &same);
	return true;
}

static void
ask(struct sts_inquiry *q)
{
	while (!go_on(q))
		if (dnsclient_ask(&q->dns))
			return;
}

static void
on_all(struct dnsclient *d)
{
	ask(OUTER(d, struct sts_inquiry, dns));
}

static void
on_begin(struct ev_task *t)
{
	ask(OUTER(t, struct sts_inquiry, begin));
}

struct sts_inquiry *
sts_inquiry_new(const char *domain, bool (*wants)(void *arg, const char *id),
    void (*found)(void *arg, struct sts_found *f), void *arg)
{
	struct sts_inquiry *q = xcalloc(1, sizeof *q);

	q->domain = xstrdup(domain);
	q->record = xasprintf("_mta-sts.%s", domain);
	q->host = xasprintf("mta-sts.%s", domain);
	q->wants = wants;
	q->found = found;
	q->arg = arg;
	dns_answers_init(&q->answers);
	dnsclient_init(&q->dns, &q->answers, DNS_MS, on_all);
	ev_task_init(&q->begin, on_begin);
	ev_task_queue(&q->begin);
	return q;
}

void
sts_inquiry_free(struct sts_inquiry **q)
{
	if (*q == NULL)
		return;
	dnsclient_fini(&(*q)->dns);
	dns_answers_fini(&(*q)->answers);
	ev_task_cancel(&(*q)->begin);
	free((*q)->domain);
	free((*q)->record);
	free((*q)->host);
	xfree(q);
}
