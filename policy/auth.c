/* SPDX-License-Identifier: ISC */
#include "policy/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "log/log.h"
#include "mailauth/authres.h"
#include "mailauth/check.h"
#include "policy/conf.h"
#include "sys/clock.h"

struct policy_auth {
	struct mailauth_question question;
	struct mailauth check;
};

const struct spf_limits *
policy_auth_spf_limits(void)
{
	static struct spf_limits limits;

	limits = spf_limits_default;
	limits.void_strict = policy_conf->spf_strict_voids;
	return &limits;
}

const struct dkim_limits *
policy_auth_dkim_limits(void)
{
	static struct dkim_limits limits;

	limits = dkim_limits_default;
	limits.key_bits_max = (unsigned)policy_conf->dkim_key_bits_max;
	return &limits;
}

struct policy_auth *
policy_auth_new(const struct policy_auth_about *about)
{
	struct policy_auth *a = xcalloc(1, sizeof *a);

	a->question = (struct mailauth_question){
		.has_client = about->ip != NULL,
		.spf = { .helo = about->helo,
		    .sender = about->sender,
		    .receiver = about->hostname,
		    .now_s = clock_wall_s(),
		    .limits = policy_auth_spf_limits() },
		.message = about->message,
		.now_s = clock_wall_s(),
	};
	if (about->ip != NULL)
		memcpy(
		    a->question.spf.ip, about->ip, sizeof a->question.spf.ip);
	mailauth_init(&a->check, &a->question);
	if (about->spf != NULL) {
		a->check.verdict.spf = *about->spf;
		a->check.spf_done = true;
	}
	return a;
}

void
policy_auth_free(struct policy_auth **p)
{
	if (*p == NULL)
		return;
	mailauth_fini(&(*p)->check);
	xfree(p);
}

bool
policy_auth_check(struct policy_auth *a, struct dns_answers *answers)
{
	return mailauth_check(&a->check, answers);
}

void
policy_auth_put_field(
    const struct policy_auth *a, struct slice id, struct buf *out)
{
	struct buf field = { .max = out->max - out->n };
	struct authres r;

	mailauth_put_field(&a->check, id, &field);
	if (field.failed) {
		/* somebody's identities are kilobytes long */
		buf_reset(&field);
		authres_begin(&r, &field, id);
		authres_result(&r, "dmarc",
		    dmarc_result_name(a->check.verdict.dmarc.result));
		authres_end(&r);
	}
	if (!field.failed)
		buf_add(out, buf_slice(&field));
	buf_fini(&field);
}

/* The first pass, else the first signature. */
static const struct dkim_verdict *
best_signature(const struct mailauth_verdict *v)
{
	for (size_t i = 0; i < v->ndkim; i++)
		if (v->dkim[i].result == DKIM_PASS)
			return &v->dkim[i];
	return v->ndkim > 0 ? &v->dkim[0] : NULL;
}

void
policy_auth_log(const struct policy_auth *a, struct slice sid, struct slice qid)
{
	const struct mailauth_verdict *v = &a->check.verdict;
	const struct dkim_verdict *d = best_signature(v);

	log_info("policy.auth", kv_slice("sid", sid), kv_slice("qid", qid),
	    kv_s("spf", spf_result_name(v->spf.result)),
	    kv_s("dkim", d != NULL ? dkim_result_name(d->result) : "none"),
	    kv_slice("signer", d != NULL ? d->sig->domain : SLICE("")),
	    kv_s("arc", dkim_arc_result_name(v->arc.result)),
	    kv_s("dmarc", dmarc_result_name(v->dmarc.result)),
	    kv_slice("author", v->dmarc.domain),
	    kv_s("policy", dmarc_policy_name(v->dmarc.policy)),
	    kv_s("why", v->why));
}

const struct mailauth_verdict *
policy_auth_verdict(const struct policy_auth *a)
{
	return &a->check.verdict;
}

bool
policy_auth_vouched(const struct policy_auth *a)
{
	const struct mailauth_verdict *v = &a->check.verdict;
	const struct dkim_verdict *d = best_signature(v);

	return v->dmarc.result == DMARC_PASS ||
	       (d != NULL && d->result == DKIM_PASS);
}
