/* SPDX-License-Identifier: ISC */
#include "smtp/route/policy.h"

#include "smtp/route/dane.h"
#include "smtp/session/dialog.h"

enum smtp_tls_policy
smtp_policy(const struct smtp_session *s)
{
	if (s->plain || addr_is_unix(&s->target.addr))
		return SMTP_TLS_NONE;
	if (smtp_conf->tls_policy == SMTP_TLS_DANE)
		return smtp_dane_has_records(s->dane) ? SMTP_TLS_DANE
						      : SMTP_TLS_MAY;
	return smtp_conf->tls_policy;
}

bool
smtp_policy_needs_tls(const struct smtp_session *s)
{
	return smtp_policy(s) >= SMTP_TLS_ENCRYPT || s->job->env.requiretls;
}

bool
smtp_policy_asks_dane(const struct smtp_session *s)
{
	return !s->tls && !s->plain && s->dane == NULL && s->target.secure &&
	       smtp_conf->tls_policy == SMTP_TLS_DANE;
}
