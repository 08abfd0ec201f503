/* SPDX-License-Identifier: ISC */
/* What tls_policy means for one session. */
#ifndef SMTP_ROUTE_POLICY_H
#define SMTP_ROUTE_POLICY_H

#include <stdbool.h>

#include "table/tlspolicy.h"

struct smtp_session;

/* What counts for S; DANE only when its host has records. */
enum tls_policy_level smtp_policy(const struct smtp_session *s);
/* No mail without TLS. */
bool smtp_policy_needs_tls(const struct smtp_session *s);
/* The host's TLSA records decide and are not known yet. */
bool smtp_policy_asks_dane(const struct smtp_session *s);

#endif
