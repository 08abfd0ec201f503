/* SPDX-License-Identifier: ISC */
#include "policy/report.h"

#include "ipc/ipc.h"
#include "ipc/role.h"
#include "log/metric.h"
#include "policy/found.h"

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

static enum report_disposition
disposition(const struct policy_found *f, enum policy_action action,
    enum report_reason reason)
{
	if (f->passed)
		return REPORT_PASS;
	if (reason != REPORT_NO_REASON && reason != REPORT_TEST_MODE)
		return REPORT_NONE;
	if (action == POLICY_REFUSE)
		return REPORT_REJECT;
	return action == POLICY_QUARANTINE ? REPORT_QUARANTINE : REPORT_NONE;
}

static bool
send_frame(const struct policy_found *f, const struct policy_reported *r,
    enum report_reason reason)
{
	const struct slice from =
	    slice_from(r->sender, slice_rfind(r->sender, '@') + 1);

	return IPC_SEND(ipc_link(ROLE_REPORTER, 0, 0), report_dmarc,
	    .domain = f->domain, .rua = f->rua, .p = f->p, .sp = f->sp,
	    .np = f->np, .flags = f->flags, .fo = f->fo, .source = r->client,
	    .disposition = disposition(f, r->action, reason), .reason = reason,
	    .comment = slice_str(r->comment), .header_from = f->author,
	    .envelope_from = from, .signatures = buf_slice(&f->signatures),
	    .sender = buf_slice(&f->sender));
}

void
policy_report_tell(const struct policy_auth *a, const struct policy_reported *r)
{
	enum report_reason reason = r->reason;
	struct policy_found f;

	policy_found_init(&f, a);
	/* Two hosts would report of each other's reports for ever; of what
	 * fails there is to know whatever its subject. */
	if (f.wanted && !(f.passed && r->is_report)) {
		if (reason == REPORT_NO_REASON && f.lowered)
			reason = REPORT_TEST_MODE;
		metric_add(ipc_has(ROLE_REPORTER) && send_frame(&f, r, reason)
			       ? &told
			       : &lost,
		    1);
	}
	policy_found_fini(&f);
}
