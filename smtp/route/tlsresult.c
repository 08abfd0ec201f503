/* SPDX-License-Identifier: ISC */
#include "smtp/route/tlsresult.h"

#include "base/mem.h"
#include "log/log.h"
#include "log/metric.h"

static const char *const types[] = { SMTP_TLSRESULTS(WORDS_TEXT) };
static const char *const policies[] = { SMTP_TLSPOLICIES(WORDS_TEXT) };

/* Each is shown from its first event on. */
static struct metric counts[SMTP_TLSPOLICY_COUNT][SMTP_TLSRESULT_COUNT];

static void
count(const struct smtp_tlsresult *r)
{
	struct metric *m = &counts[r->policy][r->type];

	if (m->name == NULL) {
		m->help = "Attempts to use TLS, as RFC 8460 has them.";
		m->labels = xasprintf("policy=\"%s\",result=\"%s\"",
		    policies[r->policy], types[r->type]);
		m->name = "pabal_smtp_tls_results";
	}
	metric_add(m, 1);
}

/* TODO(tlsrpt): reports of these by domain, when there is who sends them. */
void
smtp_tlsresult(const struct smtp_tlsresult *r)
{
	if (r->domain.n == 0)
		return;
	count(r);
	if (r->type == SMTP_TLS_SUCCESS)
		log_debug("smtp.tls-result", kv_slice("qid", r->qid),
		    kv_slice("domain", r->domain),
		    kv_s("policy", policies[r->policy]),
		    kv_s("result", types[r->type]), kv_s("host", r->host));
	else
		log_info("smtp.tls-result", kv_slice("qid", r->qid),
		    kv_slice("domain", r->domain),
		    kv_s("policy", policies[r->policy]),
		    kv_s("result", types[r->type]), kv_s("host", r->host));
}
