/* SPDX-License-Identifier: ISC */
#ifndef TABLE_TLSPOLICY_HOST_H
#define TABLE_TLSPOLICY_HOST_H

#include <stdbool.h>

#include "table/tlspolicy.h"

/* As it is written. */
const char *tlspolicy_name(enum tls_policy_level level);

/* What counts with a host. */
struct tlspolicy_host {
	enum tls_policy_level set; /* tls_policy, or what the table says */
	bool plain;                /* no TLS with this one, whatever is set */
	bool tlsa;                 /* it has validated TLSA records */
	/* An MTA-STS policy with mode enforce; the message asks that he be
	 * verified (RFC 8689), by whatever he can be. */
	bool sts_enforce, requiretls;
};

/* How TLS is used with H: DANE before MTA-STS before what is set. */
enum tls_policy_level tlspolicy_of(const struct tlspolicy_host *h);

#endif
