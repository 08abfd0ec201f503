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

/* Read an entry's value; P borrows from it. */
int tlspolicy_parse(struct slice value, struct tlspolicy *p, struct err *err);

/* For table/kind.h. */
int tlspolicy_check(struct slice key, struct slice value, struct err *err);

#endif
