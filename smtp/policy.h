/* SPDX-License-Identifier: ISC */
/* What tls_policy means for one session. */
#ifndef SMTP_POLICY_H
#define SMTP_POLICY_H

#include <stdbool.h>

struct smtp_session;

/* The words of tls_policy, in the order of params.def. */
enum smtp_tls_policy {
	SMTP_TLS_NONE,
	SMTP_TLS_MAY,
	SMTP_TLS_ENCRYPT,
	SMTP_TLS_VERIFY,
	SMTP_TLS_DANE,
};

/* What counts for S; DANE only when its host has records. */
enum smtp_tls_policy smtp_policy(const struct smtp_session *s);
/* No mail without TLS. */
bool smtp_policy_needs_tls(const struct smtp_session *s);
/* The host's TLSA records decide and are not known yet. */
bool smtp_policy_asks_dane(const struct smtp_session *s);

#endif
