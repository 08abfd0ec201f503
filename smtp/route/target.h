/* SPDX-License-Identifier: ISC */
/* One address to try. */
#ifndef SMTP_ROUTE_TARGET_H
#define SMTP_ROUTE_TARGET_H

#include <stdbool.h>

#include "sys/addr.h"
#include "table/tlspolicy.h"

enum {
	SMTP_HOST_SIZE = 254, /* DNS_NAME_MAX */
	SMTP_TARGET_TEXT = SMTP_HOST_SIZE + ADDR_TEXT + 4,
	SMTP_MATCH_SIZE = 512,
	SMTP_TARGET_KEY = SMTP_TARGET_TEXT + SMTP_MATCH_SIZE + ADDR_TEXT +
			  SMTP_HOST_SIZE + 40,
};

struct smtp_target {
	struct addr addr;
	char host[SMTP_HOST_SIZE]; /* its name; the address where it has none */
	bool lmtp;
	uint64_t auth; /* by what login (route/relayauth.h); 0: without */
	bool secure;   /* name and address are validated by DNSSEC */
	/* tls_policy, or what the table tls_policies says of the next hop, and
	 * the names that the certificate may have; "": that of the host. */
	enum tls_policy_level policy;
	char match[SMTP_MATCH_SIZE];
	/* An MTA-STS policy counts, is enforced, has this host. */
	bool sts, sts_enforce, sts_host;
	/* RFC 8689: required, its name is vouched for, or yet may be; or not */
	bool requiretls, named, unnamed_yet, waived;
	/* From where it is dialled, and its name for EHLO; "": this host's. */
	bool has_source;
	struct addr source;
	char helo[SMTP_HOST_SIZE];
};

/* "mx.example.org[192.0.2.1]:25" for logs and as the key of its sessions. */
void smtp_target_format(
    const struct smtp_target *t, char text[SMTP_TARGET_TEXT]);
/* The same, told apart by what else matters for sharing a session: trust, how
 * it was made sure who it is, and who it takes us for. */
void smtp_target_key(const struct smtp_target *t, char text[SMTP_TARGET_KEY]);
/* The address that it is dialled from; "" where that is not said. */
const char *smtp_target_source(
    const struct smtp_target *t, char text[ADDR_TEXT]);
/* Is it on this machine? */
bool smtp_target_is_local(const struct smtp_target *t);

#endif
