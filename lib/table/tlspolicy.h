/* SPDX-License-Identifier: ISC */
/*
 * An entry of the table tls_policies: how TLS is used with the hosts of a next
 * hop, instead of tls_policy of smtp.conf.
 *
 *     example.org        encrypt
 *     .example.org       verify                      (domains beneath it)
 *     example.net        verify mx.example.net .mail.example.net
 *     [192.0.2.1]        none                        (a host, as it is written)
 */
#ifndef TABLE_TLSPOLICY_H
#define TABLE_TLSPOLICY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

/* As tls_policy has them. */
enum tls_policy_level {
	TLS_POLICY_NONE,
	TLS_POLICY_MAY,
	TLS_POLICY_ENCRYPT,
	TLS_POLICY_VERIFY,
	TLS_POLICY_DANE,
};

enum { TLS_POLICY_NAMES_MAX = 500 };

struct tlspolicy {
	enum tls_policy_level level;
	/* verify: which the certificate may have, separated by blanks; empty:
	 * the host's. */
	struct slice names;
};

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

/* Read an entry's value; P borrows from it. */
int tlspolicy_parse(struct slice value, struct tlspolicy *p, struct err *err);

/* For table/kind.h. */
int tlspolicy_check(struct slice key, struct slice value, struct err *err);

#endif
