/* SPDX-License-Identifier: ISC */
#include "smtp/route/policy.h"

#include "smtp/route/dane.h"
#include "smtp/session/dialog.h"

/* A host of whom a message asks that he be verified (RFC 8689) is, by whatever
 * he can be. */
enum tls_policy_level
smtp_policy(const struct smtp_session *s)
{
	const struct smtp_target *t = &s->target;

	if (s->plain || addr_is_unix(&t->addr))
		return TLS_POLICY_NONE;
	if (smtp_dane_has_records(s->dane))
		return TLS_POLICY_DANE;
	if (t->requiretls)
		return TLS_POLICY_VERIFY;
	return t->policy == TLS_POLICY_DANE ? TLS_POLICY_MAY : t->policy;
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
