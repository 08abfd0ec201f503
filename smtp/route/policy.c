/* SPDX-License-Identifier: ISC */
#include "smtp/route/policy.h"

#include "smtp/conf.h"
#include "smtp/route/dane.h"
#include "smtp/session/dialog.h"
#include "table/tlspolicy_host.h"

enum tls_policy_level
smtp_policy_default(void)
{
	_Static_assert((int)TLS_POLICY_NONE == (int)SMTP_TLS_NONE &&
			   (int)TLS_POLICY_MAY == (int)SMTP_TLS_MAY &&
			   (int)TLS_POLICY_ENCRYPT == (int)SMTP_TLS_ENCRYPT &&
			   (int)TLS_POLICY_VERIFY == (int)SMTP_TLS_VERIFY &&
			   (int)TLS_POLICY_DANE == (int)SMTP_TLS_DANE,
	    "the same words in the same order");
	return (enum tls_policy_level)smtp_conf->tls_policy;
}

enum tls_policy_level
smtp_policy(const struct smtp_session *s)
{
	const struct smtp_target *t = &s->target;

	return tlspolicy_of(&(const struct tlspolicy_host){ .set = t->policy,
	    .plain = s->plain || addr_is_unix(&t->addr),
	    .tlsa = smtp_dane_has_records(s->dane),
	    .sts_enforce = t->sts_enforce,
	    .requiretls = t->requiretls });
}

bool
smtp_policy_needs_tls(const struct smtp_session *s)
{
	return smtp_policy(s) >= TLS_POLICY_ENCRYPT;
}

bool
smtp_policy_asks_dane(const struct smtp_session *s)
{
	const struct smtp_target *t = &s->target;

	return !s->tls && !s->plain && s->dane == NULL && t->secure &&
	       (t->policy == TLS_POLICY_DANE ||
		   (t->requiretls && t->policy != TLS_POLICY_VERIFY));
}

bool
smtp_policy_forbids(const struct smtp_session *s)
{
	const struct smtp_target *t = &s->target;

	return t->sts_enforce && !t->sts_host &&
	       !smtp_dane_has_records(s->dane);
}

bool
smtp_policy_misleads(const struct smtp_session *s)
{
	return s->target.requiretls && !s->target.named &&
	       !smtp_dane_has_records(s->dane);
}

bool
smtp_policy_is_sts(const struct smtp_session *s)
{
	return s->target.sts && !smtp_dane_has_records(s->dane);
}

const char *
smtp_policy_used(const struct smtp_session *s)
{
	const enum tls_policy_level p = smtp_policy(s);

	if (!s->tls && p < TLS_POLICY_ENCRYPT)
		return "none";
	if (s->target.waived)
		return "waived";
	if (!smtp_policy_is_sts(s))
		return tlspolicy_name(p);
	return s->target.sts_enforce ? "sts" : "sts-testing";
}
