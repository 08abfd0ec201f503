/* SPDX-License-Identifier: ISC */
/* What came of TLS in a session: log, metrics, reports (route/tlsresult.h). */
#ifndef SMTP_SESSION_TLSNOTE_H
#define SMTP_SESSION_TLSNOTE_H

struct smtp_session;
struct tls_facts;

/* Before the first session. */
void smtp_tlsnote_init(void);
/* It is there.  In mode testing mail goes on then, and it is told what would
 * have kept it. */
void smtp_tlsnote_established(
    const struct smtp_session *s, const struct tls_facts *facts);
/* It could not be had, WHY. */
void smtp_tlsnote_failed(const struct smtp_session *s, const char *why);
/* The policy does not have this host; TLSA records cannot be looked up; the
 * host does not offer it. */
void smtp_tlsnote_forbidden(const struct smtp_session *s);
void smtp_tlsnote_no_dnssec(const struct smtp_session *s);
void smtp_tlsnote_no_starttls(const struct smtp_session *s);
/* What the domain publishes does not count: TLS-Required: No (RFC 8689). */
void smtp_tlsnote_waived(const struct smtp_session *s);

#endif
