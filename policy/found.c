/* SPDX-License-Identifier: ISC */
#include "policy/found.h"

#include "ipc/reporter.h"
#include "mailauth/check.h"
#include "policy/auth.h"

enum { SIGNATURES_MAX_BYTES = 4096, TEXT_MAX = 1024, FO_MAX = 64 };

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

void
policy_found_init(struct policy_found *f, const struct policy_auth *a)
{
	const struct mailauth_verdict *v = policy_auth_verdict(a);
	const struct dmarc_verdict *d = &v->dmarc;

	*f = (struct policy_found){
		.wanted = d->at.n > 0 && d->record.rua.n > 0 &&
			  (d->result == DMARC_PASS || d->result == DMARC_FAIL),
		.passed = d->result == DMARC_PASS,
		.lowered = d->result == DMARC_FAIL && d->applied != d->policy,
		.domain = d->at,
		.rua = slice_sub(d->record.rua, 0, TEXT_MAX),
		.fo = slice_sub(d->record.fo, 0, FO_MAX),
		.author = d->domain,
		.p = d->record.p,
		.sp = d->record.sp,
		.np = d->record.np,
		.flags = flags(d),
		.signatures = { .max = SIGNATURES_MAX_BYTES },
		.sender = { .max = TEXT_MAX },
	};
	if (!f->wanted)
		return;
	put_signatures(v, &f->signatures);
	buf_addf(&f->sender, "%s %s %.*s", spf_result_name(v->spf.result),
	    v->spf.by_helo ? "helo" : "mfrom", SLICE_FMT(v->spf.domain));
}

void
policy_found_fini(struct policy_found *f)
{
	buf_fini(&f->signatures);
	buf_fini(&f->sender);
}
