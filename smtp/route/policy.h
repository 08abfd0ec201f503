/* SPDX-License-Identifier: ISC */
/* What tls_policy means for one session. */
#ifndef SMTP_ROUTE_POLICY_H
#define SMTP_ROUTE_POLICY_H

#include <stdbool.h>

#include "table/tlspolicy.h"

struct smtp_session;

/* tls_policy. */
enum tls_policy_level smtp_policy_default(void);
/* What counts for S; DANE only when its host has records. */
enum tls_policy_level smtp_policy(const struct smtp_session *s);
/* No mail without TLS. */
bool smtp_policy_needs_tls(const struct smtp_session *s);
/* Its host is none that the domain's MTA-STS policy has, and nothing else
 * speaks for it; to be asked when TLSA records are known. */
bool smtp_policy_forbids(const struct smtp_session *s);
/* A message with REQUIRETLS may have been led to its host by whoever wrote the
 * domain's MX records, and that is not known to be the domain. */
bool smtp_policy_misleads(const struct smtp_session *s);
/* The domain's MTA-STS policy decides. */
bool smtp_policy_is_sts(const struct smtp_session *s);
/* What is or was to be used, for the log: a word of tls_policy, "sts" or
 * "sts-testing"; "waived": what the domain publishes was not to count (RFC
 * 8689); "none": clear text. */
const char *smtp_policy_used(const struct smtp_session *s);
/* The host's TLSA records decide and are not known yet. */
bool smtp_policy_asks_dane(const struct smtp_session *s);

#endif
