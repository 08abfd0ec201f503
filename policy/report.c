/* SPDX-License-Identifier: ISC */
#include "policy/report.h"

#include "ipc/ipc.h"
#include "ipc/role.h"
#include "log/metric.h"
#include "mailauth/check.h"
#include "mime/header.h"
#include "policy/conf.h"
#include "policy/session.h"

enum { SIGNATURES_MAX_BYTES = 4096, TEXT_MAX = 1024 };

static struct metric told = { .name = "pabal_policy_reported",
	.help = "Messages that reporter was told of." };
static struct metric lost = { .name = "pabal_policy_reports_lost",
	.help = "Messages that reporter could not be told of." };

void
policy_report_init(void)
{
	metric_register(&told);
	metric_register(&lost);
}

/* A report that is what it says: two hosts would report of each other's reports
 * for ever.  Of what fails there is to know whatever its subject. */
static bool
is_report(const struct policy_question *q, const struct dmarc_verdict *d)
{
	struct header_field f;

	return d->result == DMARC_PASS &&
	       header_find(buf_slice(&q->message->header), "Subject", &f) &&
	       slice_istarts(slice_trim(f.value), SLICE("Report Domain:"));
}

static enum report_disposition
disposition(const struct dmarc_verdict *d, const struct policy_auth_result *r,
    enum report_reason reason)
{
	if (d->result == DMARC_PASS)
		return REPORT_PASS;
	if (reason == REPORT_NO_REASON || reason == REPORT_TEST_MODE) {
		if (r->action == POLICY_AUTH_REJECT)
			return REPORT_REJECT;
		if (r->action == POLICY_AUTH_QUARANTINE)
			return REPORT_QUARANTINE;
	}
	return REPORT_NONE;
}

static void
put_signatures(const struct mailauth_verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->ndkim; i++) {
		const struct dkim_verdict *d = &v->dkim[i];

		if (d->sig->domain.n > 0)
			buf_addf(out, "%s %.*s %.*s\n",
			    dkim_result_name(d->result),
			    SLICE_FMT(d->sig->selector),
			    SLICE_FMT(d->sig->domain));
	}
}

static uint32_t
flags(const struct dmarc_verdict *d)
{
	return (d->record.strict_dkim ? REPORT_STRICT_DKIM : 0) |
	       (d->record.strict_spf ? REPORT_STRICT_SPF : 0) |
	       (d->record.testing ? REPORT_TESTING : 0) |
	       (d->dkim_aligned ? REPORT_DKIM_PASS : 0) |
	       (d->spf_aligned ? REPORT_SPF_PASS : 0);
}

static bool
send_frame(const struct policy_question *q, const struct mailauth_verdict *v,
    enum report_disposition done, enum report_reason reason,
    const char *comment)
{
	const struct dmarc_verdict *d = &v->dmarc;
	struct buf signatures = { .max = SIGNATURES_MAX_BYTES };
	struct buf sender = { .max = TEXT_MAX };
	struct slice from =
	    slice_from(q->facts.sender, slice_rfind(q->facts.sender, '@') + 1);
	bool sent;

	put_signatures(v, &signatures);
	buf_addf(&sender, "%s %s %.*s", spf_result_name(v->spf.result),
	    v->spf.by_helo ? "helo" : "mfrom", SLICE_FMT(v->spf.domain));
	sent = IPC_SEND(ipc_link(ROLE_REPORTER, 0, 0), report_dmarc,
	    .domain = d->at, .rua = slice_sub(d->record.rua, 0, TEXT_MAX),
	    .p = d->record.p, .sp = d->record.sp, .np = d->record.np,
	    .flags = flags(d), .fo = slice_sub(d->record.fo, 0, 64),
	    .source = q->facts.client, .disposition = done, .reason = reason,
	    .comment = slice_str(comment), .header_from = d->domain,
	    .envelope_from = from, .signatures = buf_slice(&signatures),
	    .sender = buf_slice(&sender));
	buf_fini(&signatures);
	buf_fini(&sender);
	return sent;
}

void
policy_report_tell(const struct policy_question *q,
    const struct policy_auth_result *r, enum report_reason reason,
    const char *comment)
{
	const struct mailauth_verdict *v = policy_auth_verdict(q->auth);
	const struct dmarc_verdict *d = &v->dmarc;

	if (!policy_conf->shared.dmarc_reports || d->at.n == 0 ||
	    d->record.rua.n == 0 || !q->facts.has_ip ||
	    (d->result != DMARC_PASS && d->result != DMARC_FAIL) ||
	    is_report(q, d))
		return;
	if (reason == REPORT_NO_REASON && d->applied != d->policy &&
	    d->result == DMARC_FAIL)
		reason = REPORT_TEST_MODE;
	if (ipc_has(ROLE_REPORTER) &&
	    send_frame(q, v, disposition(d, r, reason), reason, comment))
		metric_add(&told, 1);
	else
		metric_add(&lost, 1);
}
