/* SPDX-License-Identifier: ISC */
#include "smtp/route/tlsresult.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtp/conf.h"

static const char *const types[] = { REPORT_TLS_RESULTS(WORDS_TEXT) };
static const char *const policies[] = { REPORT_TLS_POLICIES(WORDS_TEXT) };

/* Each is shown from its first event on. */
static struct metric counts[REPORT_TLS_POLICY_COUNT][REPORT_TLS_RESULT_COUNT];

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

static struct metric told = { .name = "pabal_smtp_tls_reported",
	.help = "Results of TLS that reporter was told of." };
static struct metric lost = { .name = "pabal_smtp_tls_reports_lost",
	.help = "Results of TLS that reporter could not be told of." };

void
smtp_tlsresult_init(void)
{
	metric_register(&told);
	metric_register(&lost);
}

/* Whole lines, as many as there is room for. */
static struct slice
cut_lines(struct slice lines)
{
	if (lines.n <= REPORT_STRINGS_MAX)
		return lines;
	lines = slice_sub(lines, 0, REPORT_STRINGS_MAX);
	return slice_sub(lines, 0, slice_rfind(lines, '\n') + 1);
}

/* reporter is told, which does not answer. */
static void
tell(const struct smtp_tlsresult *r)
{
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	bool ok;

	if (!smtp_conf->shared.tls_reports)
		return;
	ok = ipc_has(ROLE_REPORTER) && domain_to_ascii(r->domain, &domain) &&
	     address_is_domain(buf_slice(&domain), 0) &&
	     IPC_SEND(ipc_link(ROLE_REPORTER, 0, 0), report_tls,
		 .domain = buf_slice(&domain), .policy = r->policy,
		 .result = r->type, .strings = cut_lines(r->strings),
		 .mx_host = r->mx_host, .sending_ip = r->sending_ip,
		 .receiving_ip = r->receiving_ip,
		 .reason = slice_sub(r->reason, 0, REPORT_REASON_MAX));
	buf_fini(&domain);
	metric_add(ok ? &told : &lost, 1);
}

void
smtp_tlsresult(const struct smtp_tlsresult *r)
{
	if (r->domain.n == 0)
		return;
	count(r);
	tell(r);
	if (r->type == REPORT_TLS_SUCCESS)
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
