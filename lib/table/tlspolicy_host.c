/* SPDX-License-Identifier: ISC */
#include "table/tlspolicy_host.h"

const char *
tlspolicy_name(enum tls_policy_level level)
{
	static const char *const names[] = {
		[TLS_POLICY_NONE] = "none",
		[TLS_POLICY_MAY] = "may",
		[TLS_POLICY_ENCRYPT] = "encrypt",
		[TLS_POLICY_VERIFY] = "verify",
		[TLS_POLICY_DANE] = "dane",
	};

	return names[level];
}

enum tls_policy_level
tlspolicy_of(const struct tlspolicy_host *h)
{
	if (h->plain)
		return TLS_POLICY_NONE;
	if (h->tlsa)
		return TLS_POLICY_DANE;
	if (h->requiretls || h->sts_enforce)
		return TLS_POLICY_VERIFY;
	return h->set == TLS_POLICY_DANE ? TLS_POLICY_MAY : h->set;
}
